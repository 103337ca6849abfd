"""The papers of a locked month: a part at a time, in any order, then one file and one mail.

Each part is a file that is there whole or not at all, in a folder named by the month's anchor. A
run that died goes on from what is finished; a month unlocked and locked again is another folder.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from money.calendar import end_of_month
from money.day_close import anchor_text
from money.models import Business, PeriodChange, PeriodEvent, User
from money.queries import event_in_force
from money.report import Period
from money.statements import STATEMENTS
from periodic.actions.jobs import ask_for
from periodic.actions.mails import owners_of, write_mail
from periodic.models import Job
from periodic.paper.formats import FORMATS, TooLong, write
from periodic.paper.imprint import Imprint
from periodic.paper.landing import landing
from periodic.statements import LEDGER, VAT, Asked, read

Tick = Callable[[int, int], None]
# The kind of the job that writes one part.
PART_KIND = "month_paper"


class NotLocked(Exception):
    """The month can still change: no papers are made of it; the message is a sentence."""


class PartsMissing(Exception):
    """Some parts are not written yet; the message names them."""


class NoSuchPart(LookupError):
    """A month's papers have no part of that name."""


@dataclass(frozen=True, slots=True)
class Part:
    """One paper of a month: a statement in a format."""

    statement: str
    format: str

    @property
    def name(self) -> str:
        """Its file's name, by which a job asks for it: "trial-balance.pdf"."""
        return f"{self.statement}{FORMATS[self.format].suffix}"


PARTS = (
    *(Part(name, "pdf") for name in (*STATEMENTS, LEDGER, VAT)),
    Part(LEDGER, "xlsx"),
)


def parts_of(*, business: Business, month: date) -> list[str]:
    """Return the names of the parts, each for `write_part`. Raises NotLocked."""
    lock_of(business, month)
    return [part.name for part in PARTS]


def ask_for_parts(*, business: Business, month: date, by: User | None, now: datetime) -> list[Job]:
    """Ask for a job per part, to be written side by side; what waits already is that job.

    Raises NotLocked.
    """
    return [
        ask_for(
            kind=PART_KIND,
            title=f"{name}, {month:%B %Y}",
            parameters={"business": business.slug, "month": month.isoformat(), "part": name},
            business=business,
            by=by,
            now=now,
        )
        for name in parts_of(business=business, month=month)
    ]


def lock_of(business: Business, month: date) -> PeriodEvent:
    """Return the event that locked the month of `month`. Raises NotLocked."""
    locks = (PeriodChange.MONTH_LOCKED, PeriodChange.YEAR_CLOSED)
    event = event_in_force(business, end_of_month(month), changes=locks)
    if event is None:
        raise NotLocked(
            f"{month:%B %Y} of {business.name} is not locked: its figures can still change."
        )
    return event


def folder_of(business: Business, month: date) -> Path:
    """Return where the parts of a locked month lie, below VAR/results. Raises NotLocked."""
    anchor = lock_of(business, month).hash[:16]
    name = f"{business.slug}-{month:%Y-%m}-{anchor}"
    return Path(settings.RESULTS_DIR) / "month-packs" / name


def write_part(
    *,
    business: Business,
    month: date,
    name: str,
    now: datetime,
    tick: Tick = lambda done, total: None,
) -> Path:
    """Write one part, unless it is written, and return its path. Twice is once.

    A ledger that is too long for paper becomes a page that says where it is. Raises NotLocked,
    NoSuchPart, and OSError where there is no room.
    """
    part = next((one for one in PARTS if one.name == name), None)
    if part is None:
        raise NoSuchPart(f"The papers of a month have no {name}.")
    folder = folder_of(business, month)
    path = folder / name
    if path.exists():
        folder.touch()  # by its time the clean-up knows that it is wanted
        return path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    period = Period(month.replace(day=1), end_of_month(month))
    report, heads = read(Asked(part.statement, [business], period), tick)
    imprint = Imprint(now, heads)
    try:
        write(part.format, report, path, imprint, tick)
    except TooLong:
        said = f"{len(report.rows):,} rows: they are in the workbook of the same name."
        write(part.format, replace(report, rows=[], notes=[said]), path, imprint, tick)
    return path


def finish(
    *,
    business: Business,
    month: date,
    now: datetime,
    is_mailed: bool,
    tick: Tick = lambda done, total: None,
) -> Path:
    """Put all parts and the anchor into one file, write the owners' mail, return the file.

    Twice is once. Raises PartsMissing while a part is not there, NotLocked.
    """
    event = lock_of(business, month)
    folder = folder_of(business, month)
    missing = [part.name for part in PARTS if not (folder / part.name).exists()]
    if missing:
        raise PartsMissing(f"Not written yet: {', '.join(missing)}.")
    path = folder / f"{business.slug}-{month:%Y-%m}.zip"
    if not path.exists():
        with landing(path) as whole, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as pack:
            for number, part in enumerate(PARTS, start=1):
                pack.write(folder / part.name, part.name)
                tick(number, len(PARTS))
            pack.writestr("anchor.txt", "\n".join(anchor_text(event.hash)) + "\n")
    if is_mailed:
        _write_mail(business, month, event, path, now)
    return path


def _write_mail(
    business: Business, month: date, event: PeriodEvent, path: Path, now: datetime
) -> None:
    """Write the mail of a pack once; without an owner who has an address, not yet."""
    to = owners_of(business)
    if not to:
        return
    subject = f"{business.name}: papers of {month:%B %Y}"
    body = [
        f"The statements of {business.name} for {month:%B %Y} are attached: as PDF to read and to",
        "print, the ledger as a workbook as well. The month is locked: they stay as they are.",
        "",
        *anchor_text(event.hash),
    ]
    write_mail(
        key=f"month-pack:{event.pk}:{month:%Y-%m}",
        business=business,
        to=to,
        subject=subject,
        body="\n".join(body) + "\n",
        attachment=path.relative_to(settings.RESULTS_DIR).as_posix(),
        now=now,
    )
