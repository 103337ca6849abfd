"""Papers: a file is looked at, digested and kept in the database, so one backup holds all."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from money.models import Attachment, Business, User

MOST_PAPER_BYTES = 5 * 1024 * 1024
MOST_NAME_LETTERS = 120
# What a file begins with says what it is; what the browser claims does not.
PAPERS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


class BadPaper(Exception):
    """The paper is empty, too large, without a name, or no PDF, PNG or JPEG."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file behind a journal. Its type is read from its content, not believed."""

    name: str
    content_type: str
    content: bytes


def refuse_paper(paper: Paper) -> None:
    """Raise BadPaper for a file that cannot be kept."""
    if not _name_of(paper):
        raise BadPaper("Give the paper a name.")
    if len(paper.content) > MOST_PAPER_BYTES:
        raise BadPaper("The paper is larger than 5 MB.")
    if not _type_of(paper):
        raise BadPaper("The paper is a PDF, a PNG or a JPEG.")


def _name_of(paper: Paper) -> str:
    """Return the file's own name without folders, its ending kept where it is too long."""
    path = PurePosixPath(paper.name.replace("\\", "/").strip())
    ending = path.suffix[:10]
    return path.stem[: MOST_NAME_LETTERS - len(ending)] + ending


def _type_of(paper: Paper) -> str:
    return next((kind for magic, kind in PAPERS if paper.content.startswith(magic)), "")


def digest_of(paper: Paper) -> str:
    """Return the SHA-256 of the file, as hexadecimal text."""
    return hashlib.sha256(paper.content).hexdigest()


def keep_paper(paper: Paper, business: Business, *, by: User, at: datetime) -> Attachment:
    """Write the file into the database; its type is read from its content. Raises BadPaper."""
    refuse_paper(paper)
    return Attachment.objects.create(
        business=business,
        name=_name_of(paper),
        content_type=_type_of(paper),
        sha256=digest_of(paper),
        content=paper.content,
        added_by=by,
        added_at=at,
    )
