"""Posts transactions of two legs with django-hordak: `post_django_hordak.py POSTINGS`."""

from tests.bench.contenders.setting import measure, set_up

set_up(
    "mptt",
    "djmoney",
    "hordak",
    CURRENCIES=["KES"],
    DEFAULT_CURRENCY="KES",
    HORDAK_CURRENCIES=["KES"],
)

# What follows needs Django to be up.
from datetime import date  # noqa: E402

from djmoney.money import Money  # type: ignore[import-not-found]  # noqa: E402
from hordak.models import Account  # type: ignore[import-not-found]  # noqa: E402

drawer, _ = Account.objects.get_or_create(name="drawer", code="1", type="AS", currencies=["KES"])
sales, _ = Account.objects.get_or_create(name="sales", code="4", type="IN", currencies=["KES"])


def post_one(number: int) -> None:
    """Post as its own documents do: `transfer_to` makes its own transaction."""
    sales.transfer_to(
        drawer,
        Money(100 + number, "KES"),
        date=date(2026, 11, 22),
        description="A sale over the counter",
    )


measure(post_one)
