"""The books are verified by the clock, and their owners hear of it where they were altered."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from money.models import Business
from money.verification import Finding, Report, verify_books
from periodic.actions.mails import owners_of, write_mail

MOST_FINDINGS_IN_A_MAIL = 50


class Altered(Exception):
    """The books are not as they were written; the message names the first finding."""


def verify_audit_trail(
    *,
    now: datetime,
    business: Business | None = None,
    is_alerting: bool = True,
    tick: Callable[[int], None] = lambda done: None,
) -> Report:
    """Verify every book, or one, and return the report; `tick` gets the entries read so far.

    The owners of an altered book get one mail a day about the same findings, where `is_alerting`.
    What is wrong with the database as a whole goes to the owners of every business verified.
    """
    report = verify_books(tick, only=business.slug if business else None)
    if report.findings and is_alerting:
        for one in [business] if business else Business.objects.order_by("pk"):
            found = [row for row in report.findings if row.business in {"", one.slug}]
            if found and (to := owners_of(one)):
                _alert(one, found, to, now)
    return report


def _alert(business: Business, found: list[Finding], to: list[str], now: datetime) -> None:
    lines = [sentence_of(one) for one in found]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    more = len(lines) - MOST_FINDINGS_IN_A_MAIL
    body = [
        f"The verification of {timezone.localtime(now):%-d %B %Y, %H:%M} found that the books of",
        f"{business.name} are not as they were written:",
        "",
        *(f"  {line}" for line in lines[:MOST_FINDINGS_IN_A_MAIL]),
        *([f"  and {more} more."] if more > 0 else []),
        "",
        "What to do: write nothing more, keep a copy of the database as it is, and compare it",
        "with the newest backup and the anchors in your mails (docs/operations.md, Schedules).",
        "python manage.py verify_books shows the same.",
    ]
    write_mail(
        key=f"tampering:{business.slug}:{timezone.localdate(now)}:{digest[:16]}",
        business=business,
        to=to,
        subject=f"{business.name}: the books were altered",
        body="\n".join(body) + "\n",
        now=now,
    )


def sentence_of(finding: Finding) -> str:
    """Return a finding as one line: "duka entry 17: its text does not have its hash"."""
    place = finding.business or "database"
    number = f" entry {finding.number}" if finding.number else ""
    return f"{place}{number}: {finding.what}"
