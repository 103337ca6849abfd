"""Changing the secret of a till's callback addresses, without losing what is on its way."""

import logging
from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from money.access import Ability, businesses_for
from money.models import User
from mpesa import spool
from mpesa.actions.quarantine import NotAllowed
from mpesa.addresses import new_secret
from mpesa.models import Till

log = logging.getLogger(__name__)


class NotNow(Exception):
    """The till is not in the state for it; the message is a sentence that says what to do."""


def rotate_secret(*, till_id: int, by: User, now: datetime) -> Till:
    """Give a till a new secret; the old one stays valid until `finish_rotation`.

    Prompts on phones and what is registered at Safaricom still call the old addresses. Raises
    NotAllowed, and NotNow where a rotation is under way: two old secrets cannot be kept.
    """
    with transaction.atomic():
        till = _locked(till_id, by)
        if till.previous_secret:
            raise NotNow(f"{till}: its last rotation is not finished. Finish it first.")
        till.previous_secret, till.callback_secret = till.callback_secret, new_secret()
        till.rotated_at = now
        till.save(update_fields=["previous_secret", "callback_secret", "rotated_at"])
        _note(till, by, "A new callback secret; the old one is valid too.")
    log.info("%s: a new callback secret, by %s", till, by)
    return till


def finish_rotation(*, till_id: int, by: User) -> Till:
    """End the old secret of a till: who still has it is a stranger.

    Raises NotAllowed, and NotNow where no rotation is under way or messages wait in this machine's
    spool: under the old secret they would come in as a stranger's, and their payments be missing.
    """
    with transaction.atomic():
        till = _locked(till_id, by)
        if not till.previous_secret:
            raise NotNow(f"{till}: no rotation is under way.")
        if not spool.is_empty():
            raise NotNow(
                "Messages wait in VAR/spool, perhaps under the old secret. Try again when the"
                " worker has brought them in."
            )
        till.previous_secret = ""
        till.save(update_fields=["previous_secret"])
        _note(till, by, "The old callback secret has ended.")
    log.info("%s: the old callback secret has ended, by %s", till, by)
    return till


def _note(till: Till, by: User, sentence: str) -> None:
    """Leave a line in the till's history, which the admin shows."""
    LogEntry.objects.log_actions(by.pk, [till], CHANGE, sentence, single_object=True)


def _locked(till_id: int, by: User) -> Till:
    till = Till.objects.select_for_update(of=("self",)).select_related("business").get(pk=till_id)
    if not businesses_for(by, Ability.MANAGE).filter(pk=till.business_id).exists():
        raise NotAllowed(f"{by} does not manage {till.business}.")
    return till
