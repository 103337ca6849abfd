"""Every knob with what it does and what its values mean, in the order in which pages show them."""

from typing import NamedTuple

from mpesa.simulator.refusals import ACK_ERRORS

HOUR_MS = 3_600_000


class Spec(NamedTuple):
    """One knob. It has named values, or a range of whole numbers, or is a switch."""

    name: str
    says: str
    values: dict[str, str] = {}
    least: int = 0
    most: int = 0
    # It belongs to an app or to the whole gateway, and cannot differ by shortcode.
    for_all: bool = False


class Section(NamedTuple):
    """Knobs that belong together."""

    title: str
    specs: tuple[Spec, ...]


PROMPT = Section(
    "Prompts (STK push)",
    (
        Spec(
            "ack",
            "Answer to a push",
            {
                "ok": "accepted",
                "lost": "500, although the phone rings",
                "hang": "accepted after hang_ms",
                **{name: f"{row.status}: {row.message[:60]}" for name, row in ACK_ERRORS.items()},
            },
        ),
        Spec("hang_ms", "How long a hanging answer takes", most=120_000),
        Spec("answer_after_ms", "How long the autopilot thinks", most=600_000),
        Spec("prompt_seconds", "How long a prompt stays open", least=1, most=600),
        Spec("locking", "A second push to a phone with an open prompt is refused"),
        Spec("same_amount_17", "The same amount from a phone within 2 minutes fails with code 17"),
        Spec(
            "callback",
            "Callback of a push",
            {"normal": "sent", "never": "kept back; redeliver sends it"},
        ),
        Spec("callback_before_ack", "The autopilot's callback comes before the answer to the push"),
        Spec("callback_delay_ms", "How late the callback is", most=600_000),
        Spec("callback_times", "How often the callback is sent", least=1, most=20),
        Spec(
            "metadata",
            "Items of a paid callback",
            {
                "plain": "four items, whole amount",
                "with_balance": "Balance with a number",
                "with_empty_balance": "Balance without Value",
                "reordered": "last item first",
                "decimal_amount": "amount as 450.00",
                "mixed": "any of these by chance",
            },
        ),
        Spec(
            "query_mode",
            "Answer to a query",
            {
                "4999": "an open push is 200 with code 4999",
                "500": "an open push is 500 being processed",
                "spike": "500 Spike Arrest",
                "failed": "200 with 1032 for all, even paid ones",
            },
        ),
        Spec(
            "stk_twin",
            "C2B confirmation of a paid push, where addresses are registered",
            {
                "none": "none",
                "after": "after the callback",
                "before": "before the callback",
                "either": "before or after by chance",
            },
        ),
    ),
)

C2B = Section(
    "Payments from the menu (C2B)",
    (
        Spec(
            "confirmation",
            "Confirmation of a payment",
            {"normal": "sent", "never": "none, as in silence"},
        ),
        Spec("validation", "M-Pesa asks the validation address before it takes money"),
        Spec(
            "validation_wait_ms",
            "How long it waits for that answer; then the registered ResponseType counts",
            least=100,
            most=8_000,
        ),
        Spec(
            "phone_form",
            "The payer's phone in messages",
            {
                "by_version": "masked, or hashed where v1 was registered",
                "masked": "2547 ***** 126",
                "full": "254712345126",
                "hashed": "SHA-256, 64 digits",
                "hash_masked": "the hash with its middle masked",
                "mixed": "any of these by chance",
            },
        ),
        Spec(
            "names",
            "The payer's names in confirmations",
            {
                "first": "FirstName, the others blank",
                "full": "all three",
                "null": "FirstName, the others null",
                "absent": "FirstName, the others left out",
            },
        ),
        Spec(
            "c2b_type",
            "TransactionType",
            {
                "usual": "Pay Bill, or Customer Merchant Payment at a till",
                "per_docs": "Pay Bill, or Buy Goods at a till",
                "organization": "a bank pays: Organization To Organization Transfer",
                "overdraft": "OD Payment Transfer",
                "blank": "empty",
            },
        ),
        Spec(
            "invoice_number",
            "InvoiceNumber",
            {"blank": "empty", "zero": "0", "payer": "the payer's name"},
        ),
        Spec(
            "register",
            "Answer to registerurl",
            {
                "ok": "with ResponseCode 0",
                "no_response_code": "without ResponseCode",
                "zeros": "ResponseCode 00000000",
                "already_registered": "500 Urls are already registered.",
                "duplicate_notification": "500 Duplicate notification info",
            },
        ),
        Spec("register_once", "A second registerurl for a shortcode is refused"),
        Spec("production_urls", "Plain http, ngrok and the like are refused as addresses"),
    ),
)

DELIVERY = Section(
    "Delivery of every message",
    (
        Spec("outage", "All messages are dropped until this is switched off"),
        Spec("loss_percent", "How many of a hundred messages are lost for good", most=100),
        Spec("copies", "How often each message is sent", least=1, most=20),
        Spec("extra_copies", "Up to so many further copies, by chance", most=19),
        Spec("delay_ms", "How late each message is", most=HOUR_MS),
        Spec("jitter_ms", "Up to so much later still, by chance: order is lost", most=HOUR_MS),
        Spec("hold", "Messages wait until POST /sim/release, which may turn their order round"),
        Spec("retry", "What was not answered by 2xx is sent again after 1, 5 and 15 s"),
        Spec(
            "content_type",
            "Content-Type of messages",
            {
                "json": "application/json",
                "text": "text/plain",
                "xml": "text/xml",
                "form": "application/x-www-form-urlencoded",
                "none": "left out",
                "mixed": "any of these by chance",
            },
        ),
    ),
)

RESULTS = Section(
    "Results (status, balance, reversal)",
    (
        Spec(
            "result",
            "What comes back",
            {
                "normal": "the result",
                "twice": "the result, twice",
                "timeout": "QueueTimeOutURL is called instead; nothing is done",
                "never": "nothing, although it is done",
            },
        ),
        Spec("result_delay_ms", "How long a result takes", most=HOUR_MS),
        Spec(
            "timeout_body",
            "What QueueTimeOutURL gets",
            {"echo": "the request again", "envelope": "a Result with code 1"},
        ),
        Spec(
            "initiator",
            "The API operator",
            {
                "ok": "any non-empty credential is good",
                "wrong_password": "code 2001",
                "locked": "code 8006",
                "no_role": "code 21",
            },
        ),
        Spec(
            "result_parameters",
            "ResultParameter",
            {
                "array": "a list",
                "object": "a lone object where one will do (balance, reversal, failures)",
                "none": "left out (reversal)",
            },
        ),
        Spec("result_reference", "ReferenceItem", {"object": "a lone object", "array": "a list"}),
        Spec(
            "result_codes", "ResultType and ResultCode", {"number": "numbers", "string": "strings"}
        ),
        Spec("result_values", "Amounts and times", {"number": "numbers", "string": "strings"}),
        Spec("result_missing", "Items that are not needed come without Value"),
        Spec("result_repeated_keys", "A status result has DebitPartyName twice"),
        Spec(
            "result_transaction_id",
            "TransactionID of a result",
            {
                "usual": "the new receipt of a reversal, else seven zeros",
                "placeholder": "always seven zeros",
                "invented": "looks like a receipt where it is none",
            },
        ),
        Spec("partial_reversals", "A reversal may be smaller than its payment; else code 25"),
    ),
)

PULL = Section(
    "Pull",
    (
        Spec(
            "pull",
            "Who may pull",
            {"ok": "who registered", "unprovisioned": "nobody: 1001 for every window"},
        ),
        Spec("pull_page_size", "Rows per answer", least=1, most=1_000),
        Spec("pull_offset", "OffSetValue counts", {"row": "rows", "page": "pages"}),
        Spec(
            "pull_zone",
            "trxDate, which always ends in Z",
            {"eat": "is Nairobi's time nevertheless", "utc": "is UTC"},
        ),
        Spec("pull_settlements", "Sweeps are among the rows"),
        Spec("pull_lag_seconds", "How late a payment shows up", most=86_400),
        Spec(
            "pull_empty",
            "Response of an empty answer",
            {"nested": "[[]]", "flat": "[]", "missing": "left out"},
        ),
        Spec(
            "pull_status_key",
            "Status in the answer to its register",
            {"joined": "ResponseStatus", "spaced": "Response Status"},
        ),
    ),
)

MONEY = Section(
    "Money",
    (
        Spec(
            "charges",
            "Charge of each payment, which the business bears",
            {
                "none": "none",
                "bands": "paybill bands: 0 to KES 100, then 5 to 250",
                "percent": "0.55 % above KES 200",
            },
        ),
        Spec("opening_shillings", "Balance of a shortcode before its first move", most=10_000_000),
        Spec(
            "qr_code",
            "ResponseCode of a QR code",
            {"zeros": "00, as in production", "conversation": "AG_..., as in the documents"},
        ),
    ),
)

EDGE = Section(
    "The gateway, for all shortcodes",
    (
        Spec(
            "edge",
            "Before any path",
            {
                "ok": "open",
                "firewall": "403 with an HTML page",
                "unreachable": "500 Service is currently unreachable",
            },
            for_all=True,
        ),
        Spec(
            "unreachable_percent",
            "How many of a hundred requests get that 500",
            most=100,
            for_all=True,
        ),
        Spec(
            "burst_per_second",
            "More requests than this in a second block the caller by 403 for 5 s; 0 is never",
            most=10_000,
            for_all=True,
        ),
        Spec(
            "oauth",
            "Tokens",
            {"ok": "given to known apps", "empty_400": "400 with an empty body"},
            for_all=True,
        ),
        Spec(
            "expires_in",
            "expires_in of a token",
            {"string": '"3599"', "number": "3599"},
            for_all=True,
        ),
        Spec("invalidate_previous_token", "A new token ends the app's older ones", for_all=True),
        Spec(
            "products",
            "What the app may call; the rest is 401 no apiproduct match found",
            {"all": "everything", "stk_only": "STK only", "none": "nothing"},
            for_all=True,
        ),
    ),
)

SECTIONS = (PROMPT, C2B, DELIVERY, RESULTS, PULL, MONEY, EDGE)
SPECS = {spec.name: spec for section in SECTIONS for spec in section.specs}
CHOICES = {name: tuple(spec.values) for name, spec in SPECS.items() if spec.values}
RANGES = {name: (spec.least, spec.most) for name, spec in SPECS.items() if spec.most}
SWITCHES = tuple(name for name in SPECS if name not in CHOICES and name not in RANGES)
FOR_ALL = tuple(name for name, spec in SPECS.items() if spec.for_all)
