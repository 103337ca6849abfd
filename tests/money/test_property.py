"""Random sequences of posts: whatever is asked for, the books stay books."""

from datetime import date

from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from money.actions.posting import KeyTaken, UnknownAccount, post
from money.chart import Code
from money.drafts import Draft, Unbalanced
from money.models import Book, Business, Entry, Line, Movement
from money.verification import verify_books
from tests.make import NOW, a_business

codes = st.sampled_from([Code.CASH_DRAWER, Code.MPESA_TILL, Code.SALES_RETAIL, "9999"])
good_lines = st.builds(
    lambda debit, credit, cents: [(debit, cents), (credit, -cents)],
    st.sampled_from([Code.CASH_DRAWER, Code.MPESA_TILL]),
    st.sampled_from([Code.SALES_RETAIL, Code.MPESA_TILL]),
    st.integers(1, 10**12),
)
any_lines = st.lists(st.tuples(codes, st.integers(-3, 3)), max_size=4)
steps = st.tuples(
    st.integers(0, 1),
    st.integers(0, 5),
    st.one_of(good_lines, good_lines, any_lines),
    st.dates(date(2026, 10, 1), date(2026, 12, 31)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(steps, max_size=15))
def test_any_sequence_of_posts_leaves_books_that_tie(
    duka: Business, sequence: list[tuple[int, int, list[tuple[str, int]], date]]
) -> None:
    with transaction.atomic():
        businesses = [duka, a_business(slug="maji")]
        posted = set()

        for which, key, lines, day in sequence:
            draft = Draft(
                business=businesses[which],
                key=f"key:{key}",
                occurred_on=day,
                description="A random entry",
                lines=lines,
            )
            try:
                with transaction.atomic():
                    posted.add(post(draft, posted_at=NOW).entry_id)
            except (KeyTaken, Unbalanced, UnknownAccount):
                continue

        report = verify_books()
        assert (report.findings, report.entries) == ([], len(posted))
        assert set(Entry.objects.values_list("pk", flat=True)) == posted
        assert sum(Book.objects.values_list("last_number", flat=True)) == len(posted)
        _assert_sums_tie()
        transaction.set_rollback(True)


def _assert_sums_tie() -> None:
    unbalanced = Line.objects.values("entry").annotate(total=Sum("amount_cents"))
    assert list(unbalanced.exclude(total=0)) == []
    by_account = Line.objects.values_list("account").annotate(total=Sum("amount_cents"))
    moved = Movement.objects.values_list("account").annotate(
        total=Sum("debit_cents") - Sum("credit_cents")
    )
    assert dict(by_account) == dict(moved)
