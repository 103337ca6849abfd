"""The table of a Report on paper: widths in points, wrapped cells, rules, a heading on each page.

Cells are plain strings and never markup. reportlab's LongTable, broken again and again, takes a
minute and a half for 5,000 rows; here a page takes the rows that fit and draws them.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, starmap
from typing import Any

from reportlab.lib.colors import HexColor, black
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from money.report import Column, Report, Row, Style
from periodic.paper.faces import BOLD, PLAIN
from periodic.paper.formats import Tick
from periodic.paper.letters import Measure, drawable, in_order, text_of, with_cents, wrap

# The largest letters that leave the texts their room; the last are taken as they come.
SIZES = (9.0, 8.0, 7.0, 6.0, 5.0, 4.0)
PADDING, INDENT = 3.0, 10.0
# A text column narrower than this is not wrapped; a wider one gets this much at least.
SHORT_TEXT, LEAST_TEXT, LEAST = 90.0, 120.0, 30.0
MOST_LINES, MOST_HEADING_LINES = 20, 4
STEP = 500
# How often xhtml2pdf lays a document out that says how many pages it has.
PASSES = 2
_GREY, _SHADE = HexColor("#c9d1cb"), HexColor("#eef2ef")
_SUMS = frozenset({Style.TOTAL, Style.GRAND})
_LOUD = _SUMS | {Style.HEADING}


@dataclass(frozen=True, slots=True)
class _Line:
    """A row as texts: `is_across` where the first of them has the whole width."""

    texts: list[str]
    font: str
    indent: float
    is_across: bool


@dataclass(slots=True)
class _Sheet:
    """A whole table, laid out: what each page takes its rows from."""

    widths: list[float]
    size: float
    heading: list[str]
    heading_height: float
    columns: Sequence[Column]
    rows: list[Row]
    lines: list[_Line]
    cells: list[list[str]] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    # Where each row begins below the first, and where the last one ends.
    tops: list[float] = field(default_factory=list)


class Grid(Flowable):  # type: ignore[misc] # reportlab has no types
    """The rows of a sheet from `first` to before `last`; it breaks between any two rows."""

    def __init__(self, sheet: _Sheet, first: int, last: int) -> None:
        super().__init__()
        self.sheet, self.first, self.last = sheet, first, last

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        tops = self.sheet.tops
        self.width = sum(self.sheet.widths)
        self.height = self.sheet.heading_height + tops[self.last] - tops[self.first]
        return self.width, self.height

    def split(self, _width: float, height: float) -> list[Flowable]:
        """Return the rows that fit into `height`, and the others; nothing where none fit."""
        tops = self.sheet.tops
        room = height - self.sheet.heading_height + tops[self.first]
        end = min(bisect_right(tops, room) - 1, self.last)
        # A sum goes with the last row above it, a heading with the first one below.
        if self.first + 1 < end < self.last and self.sheet.rows[end].style in _SUMS:
            end -= 1
        while end > self.first and self.sheet.rows[end - 1].style == Style.HEADING:
            end -= 1
        if end <= self.first:
            return []
        return [Grid(self.sheet, self.first, end), Grid(self.sheet, end, self.last)]

    def draw(self) -> None:
        # The first pass only counts pages; ink takes most of the time.
        if self.canv._doctemplate.layoutPass < PASSES:  # noqa: SLF001 xhtml2pdf's own way to ask
            return
        sheet, top = self.sheet, self.height
        self._shade(top)
        self._texts(sheet.heading, BOLD, 0.0, top - PADDING)
        top -= sheet.heading_height
        self._rule(0, len(sheet.columns), top, 0.8, black)
        for at in range(self.first, self.last):
            row, line = sheet.rows[at], sheet.lines[at]
            if row.style in _SUMS and not self._is_opening(at):
                self._sum(row, line, top, top - sheet.heights[at])
            self._texts(sheet.cells[at], line.font, line.indent, top - PADDING / 2)
            top -= sheet.heights[at]
            if row.style != Style.GRAND:
                self._rule(0, len(sheet.columns), top, 0.25, _GREY)

    def _is_opening(self, at: int) -> bool:
        """Tell whether a sum has nothing above that it adds up: a ledger's opening balance."""
        return at == 0 or self.sheet.rows[at - 1].style == Style.HEADING

    def _shade(self, top: float) -> None:
        height = self.sheet.heading_height
        self.canv.setFillColor(_SHADE)
        self.canv.rect(0, top - height, self.width, height, stroke=0, fill=1)
        self.canv.setFillColor(black)

    def _texts(self, cells: Sequence[str], font: str, indent: float, top: float) -> None:
        """Draw the cells of a row, figures to the right; `top` is where their letters begin."""
        sheet, left = self.sheet, 0.0
        text = self.canv.beginText()
        text.setFont(font, sheet.size, sheet.size + 2)
        for at, (cell, width) in enumerate(zip(cells, sheet.widths, strict=True)):
            for number, line in enumerate(cell.split("\n") if cell else ()):
                x = left + PADDING + (0.0 if at else indent)
                if sheet.columns[at].is_figures:
                    x = left + width - PADDING - stringWidth(line, font, sheet.size)
                text.setTextOrigin(x, top - sheet.size - number * (sheet.size + 2))
                text.textOut(line)
            left += width
        self.canv.drawText(text)

    def _sum(self, row: Row, line: _Line, top: float, bottom: float) -> None:
        """Rule what was added up: a line above the figures, two below the last sum."""
        for at, column in enumerate(self.sheet.columns):
            if column.is_figures and line.texts[at]:
                self._rule(at, at + 1, top, 0.6, black)
                if row.style == Style.GRAND:
                    self._rule(at, at + 1, bottom + 0.6, 0.6, black)
                    self._rule(at, at + 1, bottom - 1.2, 0.6, black)

    def _rule(self, first: int, end: int, y: float, thickness: float, colour: Any) -> None:
        """Draw a line below the columns from `first` to before `end`."""
        widths = self.sheet.widths
        gap = 0.0 if end - first > 1 else PADDING
        self.canv.setStrokeColor(colour)
        self.canv.setLineWidth(thickness)
        self.canv.line(sum(widths[:first]) + gap, y, sum(widths[:end]), y)


def grid(report: Report, room: float, tick: Tick) -> Grid:
    """Return the table of a report that is `room` points wide. `tick` gets the rows done of all."""
    cents = with_cents(report.rows)
    lines = [_line(row, len(report.columns), cents=cents) for row in report.rows]
    size, widths = _fitting(report.columns, lines, room)
    leading = size + 2
    heading, height = _heading(report.columns, widths, size)
    sheet = _Sheet(
        *(widths, size, heading, height * leading + 2 * PADDING),
        *(report.columns, report.rows, lines),
    )
    for number, line in enumerate(lines, start=1):
        drawn, height = _drawn(line, widths, size)
        sheet.cells.append(drawn)
        sheet.heights.append(height * leading + PADDING)
        if number % STEP == 0:
            tick(number, len(lines))
    sheet.tops = [0.0, *accumulate(sheet.heights)]
    return Grid(sheet, 0, len(lines))


def _line(row: Row, columns: int, *, cents: bool) -> _Line:
    texts = [text_of(cell, cents=cents) for cell in row.cells]
    is_across = row.style == Style.HEADING and not any(texts[1:])
    texts += [""] * (columns - len(texts))
    return _Line(texts, BOLD if row.style in _LOUD else PLAIN, row.level * INDENT, is_across)


def _measure(font: str, size: float) -> Measure:
    return partial(stringWidth, fontName=font, fontSize=size)


def _fitting(
    columns: Sequence[Column], lines: Sequence[_Line], room: float
) -> tuple[float, list[float]]:
    """Return the size of the letters and the widths of the columns, which make `room` together."""
    natural = _natural(columns, lines)
    widths: list[float] = []
    for size in SIZES:
        wanted = [width * size + 2 * PADDING + 1 for width in natural]
        wide = [
            at
            for at, column in enumerate(columns)
            if not column.is_figures and wanted[at] > SHORT_TEXT
        ]
        left = room - sum(width for at, width in enumerate(wanted) if at not in wide)
        widths = _shared(wanted, wide, left)
        if left >= min(LEAST_TEXT * len(wide), sum(wanted[at] for at in wide)):
            return size, widths
    factor = min(1.0, room / sum(widths))
    return SIZES[-1], [width * factor for width in widths]


def _natural(columns: Sequence[Column], lines: Sequence[_Line]) -> list[float]:
    """Return how wide each column would be on one line, in letters of one point."""
    bold = _measure(BOLD, 1.0)
    found = [
        max(map(bold, drawable(column.title).split()), default=LEAST / 10) for column in columns
    ]
    measures = {PLAIN: _measure(PLAIN, 1.0), BOLD: bold}
    for line in lines:
        if not line.is_across:
            measure = measures[line.font]
            widths = [measure(text) if text else 0.0 for text in line.texts]
            widths[0] += line.indent / SIZES[0]
            found = list(starmap(max, zip(found, widths, strict=True)))
    return found


def _shared(wanted: list[float], wide: list[int], left: float) -> list[float]:
    """Return the widths where the columns `wide` share what is left as they need it."""
    widths = list(wanted)
    if not wide:
        widths[0] += max(left, 0.0)
        return widths
    needed = sum(wanted[at] for at in wide)
    if needed <= left:
        # All fit on one line: the widest takes what is over.
        widths[max(wide, key=lambda at: wanted[at])] += left - needed
        return widths
    for at in wide:
        widths[at] = max(LEAST, left * wanted[at] / needed)
    over = sum(widths[at] for at in wide) - max(left, 0.0)
    widest = max(wide, key=lambda at: widths[at])
    widths[widest] = max(LEAST, widths[widest] - over)
    return widths


def _heading(
    columns: Sequence[Column], widths: Sequence[float], size: float
) -> tuple[list[str], int]:
    measure = _measure(BOLD, size)
    found = [
        wrap(drawable(column.title), width - 2 * PADDING, measure, MOST_HEADING_LINES)
        for column, width in zip(columns, widths, strict=True)
    ]
    return ["\n".join(in_order(one, BOLD) for one in lines) for lines in found], max(
        map(len, found)
    )


def _drawn(line: _Line, widths: Sequence[float], size: float) -> tuple[list[str], int]:
    """Return the cells of a row as lines of ink, and how many lines the highest has."""
    measure = _measure(line.font, size)
    cells, height = [], 1
    for at, text in enumerate(line.texts):
        if not text:
            cells.append("")
            continue
        width = sum(widths) if line.is_across else widths[at]
        width -= 2 * PADDING + (line.indent if at == 0 else 0.0)
        lines = wrap(text, width, measure, MOST_LINES)
        cells.append("\n".join(in_order(one, line.font) for one in lines))
        height = max(height, len(lines))
    return cells, height
