"""Pages of HTML as a PDF that reads no file and no address, set in a font of its own.

Where the HTML has its one <hr>, a table of `grid` takes its place.
"""

import threading
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from reportlab.platypus.flowables import HRFlowable
from xhtml2pdf.config.resources import (
    ResourceAccessPolicy,
    render_budget,
    use_policy,
)
from xhtml2pdf.context import pisaContext
from xhtml2pdf.default import DEFAULT_PAGE_NAME
from xhtml2pdf.document import pisaStory
from xhtml2pdf.xhtml2pdf_reportlab import PmlBaseDoc

from periodic.paper.faces import PLAIN, letters

# A4 in points, and the margins that base.html names as well.
SHORT_SIDE, LONG_SIDE, MARGIN = 595.28, 841.89, 40.0
MOST_SECONDS = 900

_POLICY = ResourceAccessPolicy.server(None, allow_remote=False, max_render_seconds=MOST_SECONDS)
# reportlab keeps fonts and caches in module globals: one document at a time in a process.
_printing = threading.Lock()


class NotPrinted(Exception):
    """A template asks for what this house does not give; the message says what."""


def room_of(*, is_landscape: bool) -> float:
    """Return how many points are between the margins."""
    return (LONG_SIDE if is_landscape else SHORT_SIDE) - 2 * MARGIN


def write_pages(
    template: str, context: Mapping[str, Any], path: Path, tables: Sequence[Any] = ()
) -> None:
    """Write a template as a PDF, with `tables` in the place of its <hr>.

    `context["title"]` is the document's own title. Raises NotPrinted.
    """
    letters()
    html = render_to_string(template, dict(context) | {"font": PLAIN})
    with _printing, use_policy(_POLICY), render_budget(_POLICY):
        content = _built(html, str(context["title"]), tables)
    path.write_bytes(content)


def _built(html: str, title: str, tables: Sequence[Any]) -> bytes:
    context = pisaContext()
    context.registerFont(PLAIN, [PLAIN.lower()])
    context = pisaStory(html, context=context, resource_policy=_POLICY)
    if context.err or context.warn:
        said = "; ".join(str(one[2]) for one in context.log)
        raise NotPrinted(f"The page cannot be printed as it is written: {said}")
    out = BytesIO()
    document = PmlBaseDoc(
        out,
        pagesize=context.pageSize,
        title=title,
        author="Duka",
        allowSplitting=1,
        lang="en-GB",
    )
    body = context.templateList.pop(DEFAULT_PAGE_NAME)
    document.addPageTemplates([body, *context.templateList.values()])
    document.pisaPositioned = context.positioned
    # Twice: only then it is known how many pages there are.
    document.multiBuild(list(_with(tables, context.story)))
    return out.getvalue()


def _with(tables: Sequence[Any], story: Sequence[Any]) -> list[Any]:
    """Return the story with the tables where the line across the page is."""
    found: list[Any] = []
    for one in story:
        found += tables if isinstance(one, HRFlowable) else [one]
    return found
