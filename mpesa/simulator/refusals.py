"""The error rows of Daraja, by the names that the `ack` knob knows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorRow:
    """One error answer: the HTTP status, Daraja's own code, and its message."""

    status: int
    code: str
    message: str


class Refused(Exception):
    """Daraja answers this request with an error row and does nothing else."""

    def __init__(self, row: ErrorRow, request_id: str = "") -> None:
        """Keep the row; `request_id` replaces the random one where Daraja repeats a known id."""
        super().__init__(row.message)
        self.row = row
        self.request_id = request_id


def invalid(field: str) -> ErrorRow:
    """Return the row for a field that Daraja does not accept."""
    return ErrorRow(400, "400.002.02", f"Bad Request - Invalid {field}")


def method_not_allowed(method: str) -> ErrorRow:
    """Return the row for a wrong HTTP method."""
    return ErrorRow(405, "405.001", f"{method} Method Not Allowed")


def invalid_token_echoed(token: str) -> ErrorRow:
    """Return the row of the balance API, which repeats the token that it does not know."""
    return ErrorRow(401, "401.002.01", f"Error Occurred - Invalid Access Token - {token}")


def duplicate_notification(shortcode: str) -> ErrorRow:
    """Return the row for a shortcode whose addresses are elsewhere already."""
    message = f"Duplicate notification info, SP ID is 107078, correlator is {shortcode}"
    return ErrorRow(500, "500.003.1001", message)


def invalid_pull(field: str) -> ErrorRow:
    """Return the row for a field that pull does not accept."""
    return ErrorRow(400, "400.001", f"Bad Request - Invalid {field}")


# Some edges of Safaricom answer with a page instead of JSON; an empty code marks such a row.
FIREWALL = ErrorRow(403, "", "<html><head><title>403 Forbidden</title></head></html>")
INVALID_AUTH_TYPE = ErrorRow(400, "400.008.01", "Invalid Authentication passed")
INVALID_GRANT_TYPE = ErrorRow(400, "400.008.02", "Invalid grant type passed")
INVALID_TOKEN = ErrorRow(404, "404.001.03", "Invalid Access Token")
INVALID_TOKEN_400 = ErrorRow(400, "400.003.01", "Invalid Access Token")
INVALID_TOKEN_PULL = ErrorRow(401, "401.001", "Invalid Access Token")
NO_PRODUCT = ErrorRow(
    401,
    "401.003.01",
    "Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found",
)
ALREADY_REGISTERED = ErrorRow(500, "500.003.1001", "Urls are already registered.")
NOT_FOUND = ErrorRow(404, "404.001.01", "Resource not found")
WRONG_CREDENTIALS = ErrorRow(500, "500.001.1001", "Wrong credentials")
SUBSCRIBER_LOCKED = ErrorRow(
    500,
    "500.001.1001",
    "Unable to lock subscriber, a transaction is already in process for the current subscriber",
)
BEING_PROCESSED = ErrorRow(500, "500.001.1001", "The transaction is being processed")
SPIKE_ARREST = ErrorRow(500, "500.003.02", "Error Occurred: Spike Arrest Violation")
INTERNAL_ERROR = ErrorRow(500, "500.003.1001", "Internal Server Error")
UNREACHABLE = ErrorRow(
    500, "500.003.1001", "Service is currently unreachable. Please try again later."
)

ACK_ERRORS = {
    "bad_request": invalid("PhoneNumber"),
    "invalid_token": INVALID_TOKEN,
    "not_found": NOT_FOUND,
    "method_not_allowed": method_not_allowed("POST"),
    "merchant_does_not_exist": ErrorRow(500, "500.001.1001", "Merchant does not exist"),
    "wrong_credentials": WRONG_CREDENTIALS,
    "subscriber_locked": SUBSCRIBER_LOCKED,
    "system_busy": ErrorRow(500, "500.003.02", "System is busy. Please try again in few minutes."),
    "spike_arrest": SPIKE_ARREST,
    "quota_violation": ErrorRow(500, "500.003.03", "Error Occurred: Quota Violation"),
    "internal_error": INTERNAL_ERROR,
    "unreachable": UNREACHABLE,
    "firewall": FIREWALL,
}
