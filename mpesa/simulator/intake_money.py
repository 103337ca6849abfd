"""Daraja's checks of registrations, simulated payments, commands, pulls and QR codes. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mpesa.simulator import ids
from mpesa.simulator.c2b import Registration
from mpesa.simulator.intake import (
    AMOUNT,
    AMOUNT_MOST,
    PAY_BILL,
    PHONE,
    TRANSACTION_TYPES,
    matching,
    read_callback_url,
    text,
)
from mpesa.simulator.menu import Order
from mpesa.simulator.operations import BALANCE, REVERSAL, STATUS, Command
from mpesa.simulator.outlets import BUY_GOODS, PAYBILL, TILL
from mpesa.simulator.pull import Window
from mpesa.simulator.refusals import Refused, invalid, invalid_pull

# Leading zeros and spaces are refused here.
STORE = re.compile(r"[1-9][0-9]{4,6}")
RECEIPT = re.compile(r"[A-Z0-9]{10}")
RESPONSE_TYPES = ("Completed", "Cancelled")
REFERENCE_MOST = 20
REMARKS = range(2, 101)
PULL_TYPE = re.compile("Pull")
OFFSET = re.compile(r"[0-9]{1,7}")
MOMENT = "%Y-%m-%d %H:%M:%S"
COMMANDS = {
    STATUS: "TransactionStatusQuery",
    BALANCE: "AccountBalance",
    REVERSAL: "TransactionReversal",
}
PARTY_KINDS = ("1", "2", "4")
REVERSAL_KINDS = ("4", "11")
QR_CODES = ("BG", "PB", "WA", "SM", "SB")


def read_registration(fields: Mapping[str, Any], version: str, *, production: bool) -> Registration:
    """Return what is registered; the response type is in exact sentence case."""
    shortcode = matching(fields, "ShortCode", STORE)
    response_type = text(fields, "ResponseType")
    if response_type not in RESPONSE_TYPES:
        raise Refused(invalid("ResponseType"))
    confirmation, validation = (
        read_callback_url(text(fields, name), name, production=production)
        for name in ("ConfirmationURL", "ValidationURL")
    )
    return Registration(shortcode, response_type, confirmation, validation, version)


def read_simulation(fields: Mapping[str, Any]) -> Order:
    """Return the payment that a sandbox would simulate."""
    command = text(fields, "CommandID")
    if command not in TRANSACTION_TYPES:
        raise Refused(invalid("CommandID"))
    reference = fields.get("BillRefNumber")
    if command == PAY_BILL:
        reference = text(fields, "BillRefNumber")
        if len(reference) > REFERENCE_MOST:
            raise Refused(invalid("BillRefNumber"))
    return Order(
        phone=matching(fields, "Msisdn", PHONE),
        number=matching(fields, "ShortCode", STORE),
        kind=TILL if command == BUY_GOODS else PAYBILL,
        shillings=_amount(fields),
        reference=str(reference) if command == PAY_BILL else "",
    )


def read_command(fields: Mapping[str, Any], kind: str) -> Command:
    """Return a request of an API operator. Any credential that is not empty will do."""
    for name in ("Initiator", "SecurityCredential"):
        text(fields, name, most=2_000)
    if text(fields, "CommandID") != COMMANDS[kind]:
        raise Refused(invalid("CommandID"))
    remarks = text(fields, "Remarks")
    if kind == REVERSAL and len(remarks) not in REMARKS:
        raise Refused(invalid("Remarks"))
    party, kind_of_party, kinds = (
        ("ReceiverParty", "RecieverIdentifierType", REVERSAL_KINDS)
        if kind == REVERSAL
        else ("PartyA", "IdentifierType", PARTY_KINDS)
    )
    shortcode = matching(fields, party, STORE)
    if text(fields, kind_of_party) not in kinds:
        raise Refused(invalid(kind_of_party))
    receipt, conversation = _subject(fields, kind)
    return Command(
        kind=kind,
        shortcode=shortcode,
        result_url=read_callback_url(text(fields, "ResultURL"), "ResultURL"),
        timeout_url=read_callback_url(text(fields, "QueueTimeOutURL"), "QueueTimeOutURL"),
        asked=dict(fields),
        receipt=receipt,
        conversation=conversation,
        cents=_amount(fields) * 100 if kind == REVERSAL else None,
        occasion=str(fields.get("Occasion") or ""),
    )


def read_pull_registration(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Return shortcode and nominated number."""
    try:
        shortcode = matching(fields, "ShortCode", STORE)
        matching(fields, "RequestType", PULL_TYPE)
        number = matching(fields, "NominatedNumber", PHONE)
        read_callback_url(text(fields, "CallBackURL"))
    except Refused as refused:
        raise _of_pull(refused) from None
    return shortcode, number


def read_window(fields: Mapping[str, Any]) -> Window:
    """Return shortcode, moments in Nairobi's time, and offset of a pull."""
    try:
        return Window(
            shortcode=matching(fields, "ShortCode", STORE),
            start=_moment(fields, "StartDate"),
            end=_moment(fields, "EndDate"),
            offset=int(matching(fields, "OffSetValue", OFFSET)),
        )
    except Refused as refused:
        raise _of_pull(refused) from None


def read_qr(fields: Mapping[str, Any]) -> str:
    """Return the text that a QR code holds."""
    if text(fields, "TrxCode") not in QR_CODES:
        raise Refused(invalid("TrxCode"))
    matching(fields, "Size", OFFSET)
    parts = (
        text(fields, "MerchantName"),
        text(fields, "TrxCode"),
        text(fields, "CPI"),
        # A guess: with 0 the customer types the amount.
        "0" if matching(fields, "Amount", AMOUNT) == "0" else str(_amount(fields)),
        text(fields, "RefNo"),
    )
    return "|".join(parts)


def _subject(fields: Mapping[str, Any], kind: str) -> tuple[str, str]:
    if kind == BALANCE:
        return "", ""
    if kind == STATUS and not fields.get("TransactionID"):
        for name in ("OriginalConversationID", "OriginatorConversationID"):
            if fields.get(name):
                return "", text(fields, name)
    return matching(fields, "TransactionID", RECEIPT), ""


def _amount(fields: Mapping[str, Any]) -> int:
    amount = int(matching(fields, "Amount", AMOUNT))
    if not 1 <= amount <= AMOUNT_MOST:
        raise Refused(invalid("Amount"))
    return amount


def _moment(fields: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.strptime(text(fields, name), MOMENT).replace(tzinfo=ids.EAT)
    except ValueError as problem:
        raise Refused(invalid(name)) from problem


def _of_pull(refused: Refused) -> Refused:
    return Refused(invalid_pull(refused.row.message.rpartition(" ")[2]))
