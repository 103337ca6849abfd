"""Texts and amounts as ink: what a font cannot draw goes, what is written right to left turns."""

import re
from collections.abc import Callable, Iterable
from datetime import date

from django.utils.formats import date_format
from xhtml2pdf.bidi import get_display, needs_bidi
from xhtml2pdf.util import shape_frag_text

from money.cents import CENTS_PER_SHILLING, format_shillings
from money.report import Cell, Figure, Row
from money.templatetags.shillings import both_digits
from periodic.paper.faces import letters

# Controls, halves of letters, and marks that turn the letters after them around: a name could
# make an amount beside it read backwards.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc\ufffe\uffff"
    r"\ud800-\udfff]+"
)
MOST_LETTERS = 2_000
_MISSING = "\ufffd"

# The width of a text in points.
Measure = Callable[[str], float]


def drawable(text: str) -> str:
    """Return a text as one line that can be drawn.

    Controls and runs of spaces become one space; a letter that our faces lack, a mark of its own.
    """
    seen = " ".join(_UNSEEN.sub(" ", text[:MOST_LETTERS]).split())
    known = letters()
    return "".join(one if ord(one) in known else _MISSING for one in seen)


def in_order(line: str, font: str) -> str:
    """Return a line with its letters in the order of ink, Arabic ones joined, for `drawString`."""
    if not needs_bidi(line):
        return line
    return str(get_display(shape_frag_text(line, font) or line))


def with_cents(rows: Iterable[Row]) -> bool:
    """Tell whether any figure has cents: then all show them, as on the page on a screen."""
    figures = (cell for row in rows for cell in row.cells if isinstance(cell, Figure))
    return any(figure.cents % CENTS_PER_SHILLING for figure in figures)


def text_of(cell: Cell, *, cents: bool) -> str:
    """Return a cell as its text: "1,250.00" or "1,250", a dash for nothing, "22 Nov 2026"."""
    if cell is None:
        return ""
    if isinstance(cell, Figure):
        return both_digits(cell.cents) if cents or not cell.cents else format_shillings(cell.cents)
    return date_format(cell, "j M Y") if isinstance(cell, date) else drawable(cell)


def wrap(text: str, width: float, measure: Measure, most_lines: int) -> list[str]:
    """Return a text as lines no wider than `width`; a word that is too wide is broken.

    Where that makes more than `most_lines`, the last one ends with an ellipsis.
    """
    if measure(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if measure(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *broken, line = _broken(word, width, measure)
        lines += broken
        if len(lines) >= most_lines:
            break
    lines.append(line)
    if len(lines) > most_lines:
        return [*lines[: most_lines - 1], f"{lines[most_lines - 1][:-1]}…"]
    return lines


def _broken(word: str, width: float, measure: Measure) -> list[str]:
    """Return a word in pieces that fit, each of one letter at least."""
    pieces = []
    while len(word) > 1 and measure(word) > width:
        # Widths grow with letters: halve the room until the last letter that fits is found.
        fits, breaks = 1, len(word)
        while breaks - fits > 1:
            middle = (fits + breaks) // 2
            fits, breaks = (middle, breaks) if measure(word[:middle]) <= width else (fits, middle)
        pieces.append(word[:fits])
        word = word[fits:]
    return [*pieces, word]
