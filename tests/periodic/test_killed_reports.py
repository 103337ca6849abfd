"""The owner's daily report dies between its PDF and its mail: one mail leaves all the same."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.journeys.house import SHORT_SECONDS, SWEEP_SECONDS, House, wait_until
from tests.workshop.rows import insert

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("killed_reports")]
DUE, DAY = "2026-11-22T17:00Z", "2026-11-22"
# What follows at once on the PDF's renaming, and comes before anything is written of it.
PDF_IS_THERE = "os.remove /daily-reports/ 1"
# As Django's file backend ends each.
BETWEEN_MAILS = b"\n" + b"-" * 79 + b"\n"
SHOP = """
from money.models import User
from tests import make
duka = make.a_shop()
make.amina()
User.objects.filter(username="amina").update(email="amina@duka.test")
make.an_entry(duka, cents=123_400)
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A shop whose owner has an address, and a worker whose first report dies on its way."""
    house = House(
        tmp_path,
        DJANGO_SETTINGS_MODULE="tests.workshop.dying",
        JOB_HEARTBEAT_SECONDS="1",
        JOB_SILENT_SECONDS="5",
        JOB_LOOK_SECONDS="1",
        JOB_RETRY_SECONDS="2",
    )
    try:
        house.make_database()
        house.run_code(SHOP)
        house.env["DIES_AT"] = PDF_IS_THERE
        house.start("work", minute=SHORT_SECONDS)
        yield house
    finally:
        print(house.log("work")[-3000:])
        house.close()


def mails(house: House) -> list[tuple[str, str]]:
    """Return the key and the attachment of each report that is to be sent, or was."""
    rows = house.rows("SELECT key, attachment FROM periodic_mail ORDER BY id")
    return [(key, name) for key, name in rows if key.startswith("daily-report:")]


def sent(house: House) -> list[EmailMessage]:
    """Return the messages that left, as they were taken."""
    found = []
    for path in sorted((house.var / "mail").glob("*")):
        # Two mails of one second share a file: an alert may go with the report.
        for told in path.read_bytes().split(BETWEEN_MAILS)[:-1]:
            message = email.message_from_bytes(told, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
    return [message for message in found if "22 November 2026" in str(message["Subject"])]


@pytest.mark.parametrize("dies_too", ["nobody", "its worker"])
def test_a_report_killed_after_its_pdf_is_mailed_once_with_it(house: House, dies_too: str) -> None:
    job = insert(house, "daily_report", due=DUE)
    wait_until("the death", (house.var / "died").exists, SWEEP_SECONDS)
    (pdf,) = (house.var / "results" / "daily-reports").rglob("*.pdf")
    assert mails(house) == []
    if dies_too == "its worker":
        house.kill("work")
        house.start("work", minute=SHORT_SECONDS)

    state = f"SELECT state, attempts FROM periodic_job WHERE id = {job}"
    wait_until("the end", lambda: house.rows(state) == [("done", 2)], SWEEP_SECONDS)
    # The row, not the file: that may be half written when it is seen.
    left = "SELECT key FROM periodic_mail WHERE sent_at IS NOT NULL"
    key = f"daily-report:{DUE[:-1]}:duka"
    wait_until("the mail", lambda: (key,) in house.rows(left), SWEEP_SECONDS)
    insert(house, "daily_report", due=DUE)  # who asks for the same again gets no other
    undone = "SELECT COUNT(*) FROM periodic_job WHERE state <> 'done'"
    wait_until("the other's end", lambda: house.value(undone) == 0, SWEEP_SECONDS)

    (mail,) = mails(house)
    assert mail == (key, f"daily-reports/20261122T1700Z/{pdf.name}")
    (message,) = sent(house)
    assert message["To"] == "amina@duka.test"
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == f"duka-{DAY}.pdf" == pdf.name
    assert attached.get_content() == pdf.read_bytes()
    assert pdf.read_bytes().startswith(b"%PDF")
    assert (key,) in house.rows(left)
    assert [path for path in pdf.parent.iterdir() if path != pdf] == []
