"""The two faces that paper is set in: they are shipped, so that no machine's fonts matter."""

from functools import cache
from pathlib import Path

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "DukaSans", "DukaSans-Bold"
_FOLDER = Path(__file__).resolve().parent / "fonts"
_FILES = {PLAIN: "DejaVuSansCondensed.ttf", BOLD: "DejaVuSansCondensed-Bold.ttf"}


@cache
def letters() -> frozenset[int]:
    """Make both faces known to reportlab; return the code points that both can draw."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(_FOLDER / file)))
    for italic in (0, 1):  # there is no italic one
        addMapping(PLAIN, 0, italic, PLAIN)
        addMapping(PLAIN, 1, italic, BOLD)
    known = [frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in _FILES]
    return known[0] & known[1]
