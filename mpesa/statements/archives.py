"""Looks into an XLSX before openpyxl does: what would eat the memory is refused unread.

openpyxl keeps a whole row, and every shared string, in memory; a few kilobytes of ZIP can hold
a row of a hundred million cells, or a document type whose entities unfold without end.
"""

import io
import zipfile
from typing import IO
from xml.parsers import expat

from mpesa.statements.rows import NotAStatement

MOST_UNPACKED_BYTES = 200_000_000
MOST_MEMBERS = 1_000
MOST_ROWS = 200_000
MOST_STRINGS = 8 * MOST_ROWS
# Between the ends of two rows, and in every other part, such as the styles.
_MOST_ELEMENTS = 50_000
_CHUNK = 1 << 16

_TOO_LARGE = "The workbook is too large when it is unpacked. Download a shorter period."
_BROKEN = "The workbook is broken. Download the statement again, if possible as CSV."


def check_archive(content: bytes) -> None:
    """Read every part of an XLSX once. Raises NotAStatement for a bomb or a broken file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive)
    except NotAStatement:
        raise
    except Exception as error:  # zipfile fails in many ways on what is none
        raise NotAStatement(_BROKEN) from error


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    # The sizes are promises, and zipfile reads no byte more than was promised.
    size = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or size > MOST_UNPACKED_BYTES:
        raise NotAStatement(_TOO_LARGE)
    for member in members:
        with archive.open(member) as part:
            _Part().read(part)


class _Part:
    """One part of a workbook, of which only the elements are counted."""

    def __init__(self) -> None:
        self.rows = self.strings = self.elements = 0
        self.nested = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def read(self, part: IO[bytes]) -> None:
        """Count the elements of a part; a picture is no XML and is nothing to count."""
        try:
            while chunk := part.read(_CHUNK):
                self.parser.Parse(chunk)
        except expat.ExpatError:
            return

    def _refuse(self, *_: object) -> None:
        raise NotAStatement(_BROKEN)

    def _start(self, name: str, _: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag in {"row", "si"}:
            if self.nested:
                self._refuse()
            self.nested = True
            self.rows += tag == "row"
            self.strings += tag == "si"
        self.elements += 1
        # The header and a preamble stand above the rows that count.
        if (
            self.rows > MOST_ROWS + 1000
            or self.strings > MOST_STRINGS
            or self.elements > _MOST_ELEMENTS
        ):
            raise NotAStatement(_TOO_LARGE)

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2] in {"row", "si"}:
            self.nested = False
            self.elements = 0
