"""Posts balanced entries of two lines with django-ledger: `post_django_ledger.py POSTINGS`."""

from tests.bench.contenders.setting import measure, set_up

set_up(
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django_ledger",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": []},
        }
    ],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
)

# What follows needs Django to be up.
from django.contrib.auth import get_user_model  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_ledger.models import EntityModel  # type: ignore[import-not-found]  # noqa: E402

owner, _ = get_user_model().objects.get_or_create(username="amina")
entity = EntityModel.create_entity(
    name="duka", use_accrual_method=True, admin=owner, fy_start_month=1
)
entity.create_chart_of_accounts(assign_as_default=True, commit=True)
entity.populate_default_coa(activate_accounts=True)
ledger = entity.create_ledger(name="main", posted=True)
accounts = {account.code: account for account in entity.get_default_coa_accounts()}


def post_one(number: int) -> None:
    """Post as its own documents do: by `commit_txs`, which opens no transaction around itself."""
    sides = (("1010", "debit"), ("4010", "credit"))
    lines = [
        {
            "account": accounts[code],
            "amount": 100 + number,
            "tx_type": side,
            "description": "A sale over the counter",
        }
        for code, side in sides
    ]
    entity.commit_txs(
        je_timestamp=timezone.localtime(), je_txs=lines, je_ledger_model=ledger, je_posted=True
    )


measure(post_one)
