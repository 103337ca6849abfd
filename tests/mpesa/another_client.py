"""django-daraja in a project of its own: `python another_client.py URL` pushes once, tells in JSON.

Its addresses are Safaricom's, fixed by name; here they lead to the simulator at URL.
"""

import json
import sys

import django
from django.conf import settings
from django.core.management import call_command

PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"


def main(url: str) -> None:
    settings.configure(
        INSTALLED_APPS=["django_daraja"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        TIME_ZONE="Africa/Nairobi",
        MPESA_ENVIRONMENT="sandbox",
        MPESA_CONSUMER_KEY="simulator-key",
        MPESA_CONSUMER_SECRET="simulator-secret",
        MPESA_EXPRESS_SHORTCODE="174379",
        MPESA_SHORTCODE="174379",
        MPESA_PASSKEY=PASSKEY,
    )
    django.setup()
    call_command("migrate", verbosity=0)

    # Its models need the settings; it has no types.
    from django_daraja.mpesa import core, utils  # type: ignore[import-untyped]  # noqa: PLC0415

    core.api_base_url = utils.api_base_url = lambda: f"{url}/"
    client = core.MpesaClient()
    token = client.access_token()
    answer = client.stk_push(
        "0700000101", 180, "SALE1", "Counter sale", "https://duka.example/cb/0/stk"
    )
    told = {
        "token": bool(token),
        "status": answer.status_code,
        "code": answer.response_code,
        "checkout_request_id": answer.checkout_request_id,
        "error": answer.error_message,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
