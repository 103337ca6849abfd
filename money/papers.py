"""Checks what people wrote by hand: each paper has its digest, each posted journal its entry.

The chain holds a journal's entry, and the entry names the journal and the beginning of its paper's
digest. So a paper that was exchanged is found, with its digest and without, and so is a journal
that was led to another entry.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef

from money.models import Attachment, Business, Entry, Journal, JournalLine, JournalState

CHUNK = 500
# How much of the digest an entry holds: 16 digits in the first books, 32 since.
STAMPS = (16, 32)

# The book's slug, the entry's number (0: no entry), what is wrong.
Found = tuple[str, int, str]


class _JournalRow(NamedTuple):
    pk: int
    business_id: int
    corrects_id: int | None
    attachment_id: int | None
    attachment__sha256: str | None
    needs_second_person: bool
    proposed_by_id: int
    decided_by_id: int | None
    entry__business_id: int | None
    entry__number: int | None
    entry__key: str | None
    entry__source: str | None
    has_lines: bool


def check() -> Iterator[Found]:
    """Yield what is wrong with papers and journals. One paper at a time is in memory."""
    slugs = dict(Business.objects.values_list("pk", "slug"))
    yield from _papers(slugs)
    rows = (
        Journal.objects.filter(state=JournalState.POSTED)
        .annotate(has_lines=Exists(JournalLine.objects.filter(journal=OuterRef("pk"))))
        .order_by("pk")
    )
    for values in rows.values_list(*_JournalRow._fields).iterator(chunk_size=CHUNK):
        row = _JournalRow._make(values)
        if what := _entry_is_wrong(row) or _stamp_is_wrong(row) or _person_is_wrong(row):
            yield slugs.get(row.business_id, ""), row.entry__number or 0, what
    yield from _stamped_without_journal()


def _papers(slugs: dict[int, str]) -> Iterator[Found]:
    rows = Attachment.objects.order_by("pk").values_list("pk", "business_id", "sha256", "content")
    # A paper has up to 5 MB.
    for pk, business_id, digest, content in rows.iterator(chunk_size=1):
        if _digest(content) != digest:
            what = f"paper {pk} does not have its digest: it was exchanged or altered"
            yield slugs.get(business_id, ""), 0, what


def _digest(content: Any) -> str:
    """Return the digest of a paper; none of what SQLite let in that is no bytes."""
    is_bytes = isinstance(content, bytes | memoryview)
    return hashlib.sha256(content).hexdigest() if is_bytes else ""


def _entry_is_wrong(row: _JournalRow) -> str:
    if row.entry__key is None:
        return f"journal {row.pk} is posted, and its entry is not there"
    # One without lines only takes back what it corrects.
    key = f"journal:{row.pk}" if row.has_lines else f"reverse:{row.corrects_id}"
    if row.entry__key != key or row.entry__business_id != row.business_id:
        return f"it is not the entry of journal {row.pk}, which says so"
    return ""


def _stamp_is_wrong(row: _JournalRow) -> str:
    """Compare what the entry says of a paper. A reversal repeats what its entry said, no paper."""
    if row.attachment_id is not None and row.attachment__sha256 is None:
        return f"the paper of journal {row.pk} is not there"
    if row.entry__key != f"journal:{row.pk}":
        return ""
    said, digest = row.entry__source or "", row.attachment__sha256
    stamps = {f"journal {row.pk}"} if digest is None else _stamps(row.pk, digest)
    return "" if said in stamps else f"it was posted with another paper than journal {row.pk} has"


def _stamps(pk: int, digest: str) -> set[str]:
    return {f"journal {pk} file {digest[:digits]}" for digits in STAMPS}


def _person_is_wrong(row: _JournalRow) -> str:
    if row.needs_second_person and row.decided_by_id == row.proposed_by_id:
        return f"journal {row.pk} needs a second person, and one person proposed and posted it"
    return ""


def _stamped_without_journal() -> Iterator[Found]:
    """Find entries that name a paper and have lost the journal that holds it."""
    rows = Entry.objects.filter(
        key__startswith="journal:", source__contains=" file ", journal=None
    ).order_by("pk")
    found = rows.values_list("business__slug", "number")
    for slug, number in found.iterator(chunk_size=CHUNK):
        yield slug, number, "the journal that holds its paper is not there"
