"""Jobs are asked for here; a worker takes them from the table."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from money.models import Business, User
from periodic.models import LIVE_JOBS, Job, Urgency

# What a parameter may be: what JSON gives back as it was.
Parameter = str | int | bool | None


def ask_for(
    *,
    kind: str,
    parameters: Mapping[str, Parameter],
    now: datetime,
    by: User | None = None,
    business: Business | None = None,
    urgency: Urgency = Urgency.ORDINARY,
    key: str | None = None,
) -> Job:
    """Ask for a job and return it. The same kind and parameters while one lives: that one.

    `key` names what asked for it by itself ("schedule:4:2026-11-22T01:00"): the same key is asked
    for once, whatever came of it. Raises nothing: who may ask is for the edge to see to.
    """
    digest = digest_of(kind, parameters)
    same = Job.objects.filter(
        (Q(digest=digest) & Q(state__in=LIVE_JOBS)) | Q(key=key, key__isnull=False)
    ).order_by("-pk")
    if found := same.first():
        return found
    try:
        with transaction.atomic():
            return Job.objects.create(
                kind=kind,
                parameters=dict(parameters),
                digest=digest,
                key=key,
                business=business,
                asked_by=by,
                asked_at=now,
                next_try_at=now,
                urgency=urgency,
            )
    except IntegrityError:  # the same asked at the same moment
        return same.get()


def digest_of(kind: str, parameters: Mapping[str, Parameter]) -> str:
    """Return what is the same for the same work: a SHA-256 of kind and parameters."""
    text = json.dumps([kind, dict(parameters)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
