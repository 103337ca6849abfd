import pytest
from django.db import connection, transaction

from money.models import Entry
from money.snapshot import snapshot
from tests.make import a_business, an_entry
from tests.money.conftest import Scratch


def test_snapshot_sees_one_moment_while_another_connection_posts(scratch: Scratch) -> None:
    assert scratch.run("moment") == ["1", "1", "2"]


@pytest.mark.django_db(transaction=True)
def test_snapshot_ends_so_that_writing_goes_on() -> None:
    duka = a_business()
    first = an_entry(duka)

    with snapshot():
        during = list(Entry.objects.values_list("pk", flat=True))
    second = an_entry(duka)

    assert during == [first.entry_id]
    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == [
        first.entry_id,
        second.entry_id,
    ]


@pytest.mark.django_db(transaction=True)
def test_snapshot_inside_another_is_the_same_moment() -> None:
    duka = a_business()
    posted = an_entry(duka)

    with snapshot():
        with snapshot():
            inner = Entry.objects.get().pk
        outer = Entry.objects.get().pk

    assert (inner, outer) == (posted.entry_id, posted.entry_id)
    assert an_entry(duka).number == 2


@pytest.mark.django_db(transaction=True)
def test_snapshot_ends_when_its_body_raises() -> None:
    duka = a_business()

    with pytest.raises(Entry.DoesNotExist), snapshot():
        Entry.objects.get()

    assert an_entry(duka).number == 1


@pytest.mark.django_db(transaction=True)
def test_snapshot_opens_a_connection_that_was_closed() -> None:
    duka = a_business()
    connection.close()

    with snapshot():
        count = Entry.objects.filter(business=duka).count()

    assert count == 0


@pytest.mark.django_db
def test_snapshot_in_an_open_transaction_joins_it() -> None:
    duka = a_business()

    with transaction.atomic(), snapshot():
        posted = an_entry(duka)

    assert Entry.objects.get().pk == posted.entry_id
