"""Who may ask for the health of this copy: whoever holds the token; on a laptop, the laptop."""

import hmac

HERE = frozenset({"127.0.0.1", "::1"})


def may_ask(*, authorization: str, address: str, token: str, is_production: bool) -> bool:
    """Tell whether a request with this Authorization header, from this address, is answered.

    Without a token nobody is let in from elsewhere, and nobody at all in production.
    """
    if not token:
        return address in HERE and not is_production
    scheme, _, given = authorization.partition(" ")
    # Compared whole whatever it is: the time must not tell how much of it was right.
    is_right = hmac.compare_digest(given.strip().encode(errors="replace"), token.encode())
    return is_right and scheme.lower() == "bearer"
