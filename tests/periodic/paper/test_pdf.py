"""Statements as PDF: what the Report says and no more, whatever the names in it are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from money.report import Figure, Row, Style
from periodic.paper import pdf
from periodic.paper.faces import PLAIN
from periodic.paper.formats import TooLong
from periodic.paper.imprint import Head, Imprint
from periodic.paper.letters import drawable, in_order, wrap
from tests.periodic.paper.reading import (
    HEAD,
    IMPRINT,
    PRINTED_AT,
    a_ledger,
    a_statement,
    lines_of,
    pages_of,
)

ROOT = Path(__file__).resolve().parents[3]


def test_every_figure_and_text_of_a_report_stands_on_paper(tmp_path: Path) -> None:
    rows = [
        Row(("Income", None), Style.HEADING),
        Row(("4040 Sales: retail goods", Figure(463_773_406)), level=1),
        Row(("4900 Taken back", Figure(-1_250_50)), level=1),
        Row(("4910 Nothing", Figure(0)), level=1),
        Row(("Total income", Figure(463_648_356)), Style.GRAND),
    ]
    report = a_statement(rows)
    report.notes, report.warnings = ["A note below."], ["It does not tie by KES 5."]

    pdf.write(report, tmp_path / "one.pdf", IMPRINT)

    lines = lines_of(tmp_path / "one.pdf")
    assert lines[:4] == [
        "Any statement · Amina duka · 2026",
        "Page 1 of 1",
        f"Head of the book at entry 42: {HEAD.hash}",
        "Printed 22 Nov 2026, 12:00",
    ]
    assert lines[4:] == [
        *("Any statement", "Amina duka", "2026", "It does not tie by KES 5."),
        *("Account Column 0", "Income"),
        "4040 Sales: retail goods 4,637,734.06",
        "4900 Taken back -1,250.50",
        "4910 Nothing -",
        *("Total income 4,636,483.56", "A note below."),
    ]


def test_whole_shillings_are_shown_without_cents(tmp_path: Path) -> None:
    rows = [Row(("Cash", Figure(125_000))), Row(("Bank", Figure(-300)))]

    pdf.write(a_statement(rows), tmp_path / "one.pdf", IMPRINT)

    assert lines_of(tmp_path / "one.pdf")[-2:] == ["Cash 1,250", "Bank -3"]


def test_every_page_repeats_the_heading_and_counts_itself(tmp_path: Path) -> None:
    pdf.write(a_ledger(200), tmp_path / "long.pdf", IMPRINT)

    found = pages_of(tmp_path / "long.pdf")
    heading = "Day Entry Description Source Debit Credit Balance"
    assert len(found) > 4
    assert [text.count(heading) for text in found] == [1] * len(found)
    assert [f"Page {number} of {len(found)}" in text for number, text in enumerate(found, 1)] == [
        True
    ] * len(found)
    assert all(HEAD.hash in text for text in found)
    sales = re.findall(r"Sale (\d+) to Wanjikũ", "\n".join(found))
    assert sales == [str(number) for number in range(1, 201)]


@pytest.mark.parametrize(("columns", "is_landscape"), [(4, False), (5, True)])
def test_many_columns_lie_across(tmp_path: Path, columns: int, *, is_landscape: bool) -> None:
    row = Row(("Cash", *[Figure(1)] * columns))

    pdf.write(a_statement([row], columns=columns), tmp_path / "one.pdf", IMPRINT)

    box = PdfReader(tmp_path / "one.pdf").pages[0].mediabox
    assert (box.width > box.height) is is_landscape
    assert sorted([int(box.width), int(box.height)]) == [595, 841]


def test_twelve_columns_of_millions_stay_on_the_page(tmp_path: Path) -> None:
    row = Row(("5000 Cost of sales", *[Figure(123_456_789_05)] * 12))

    pdf.write(a_statement([row], columns=12), tmp_path / "wide.pdf", IMPRINT)

    assert "\n".join(lines_of(tmp_path / "wide.pdf")).count("123,456,789.05") == 12


def test_a_heading_is_not_left_alone_at_the_foot_of_a_page(tmp_path: Path) -> None:
    rows = [Row((f"Account {number}", Figure(1))) for number in range(200)]
    for at in range(3, 197, 4):
        rows[at] = Row((f"Heading {at}", None), Style.HEADING)

    pdf.write(a_statement(rows), tmp_path / "one.pdf", IMPRINT)

    last = [text.splitlines()[-1] for text in pages_of(tmp_path / "one.pdf")]
    assert len(last) > 2
    assert not any("Heading" in line for line in last)


def test_a_report_of_nothing_says_so(tmp_path: Path) -> None:
    pdf.write(a_statement([]), tmp_path / "one.pdf", Imprint(PRINTED_AT))

    assert lines_of(tmp_path / "one.pdf")[-1] == "Nothing was booked in this period."


def test_the_heads_of_several_books_stand_in_full_below(tmp_path: Path) -> None:
    heads = [HEAD, Head("maji", 7, "ab" * 32)]

    pdf.write(a_statement([Row(("Cash",))]), tmp_path / "one.pdf", Imprint(PRINTED_AT, heads))

    lines = lines_of(tmp_path / "one.pdf")
    assert lines[-2:] == [f"Head of {one.slug} at entry {one.number}: {one.hash}" for one in heads]
    assert "Heads: duka 0f1e2d3c0f1e2d3c, maji abababababababab" in lines


def test_what_nobody_prints_is_refused(tmp_path: Path) -> None:
    rows = [Row(("Cash",))] * (pdf.MOST_ROWS + 1)

    with pytest.raises(TooLong, match="Choose a shorter period"):
        pdf.write(a_statement(rows), tmp_path / "one.pdf", IMPRINT)


SECRET = "the-secret-of-this-machine"


@pytest.mark.parametrize(
    "markup",
    [
        "<img src=file://{path}>",
        "<img src='http://127.0.0.1:9/x.png'>",
        "<link rel=stylesheet href='file://{path}'>",
        "<pdf:insertpdf src='{path}'/>",
        "</style><style>@import url(file://{path});",
        "{{% include '{path}' %}}",
        "&lt;b&gt; <b>bold</b> <hr> <pdf:nextpage>",
    ],
)
def test_markup_in_a_name_is_text_and_reads_nothing(tmp_path: Path, markup: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    name = markup.format(path=secret)
    report = a_statement([Row((name, Figure(100)))], of=name)
    report.title, report.notes, report.warnings = name, [name], [name]

    pdf.write(report, tmp_path / "one.pdf", IMPRINT)

    reader = PdfReader(tmp_path / "one.pdf")
    text = "".join(re.sub(r"\s+", "", page) for page in pages_of(tmp_path / "one.pdf"))
    assert len(reader.pages) == 1
    assert not reader.pages[0].images
    assert SECRET not in text
    # Heading, owner, warning, cell and note; the foot is cut to its line.
    assert text.count(re.sub(r"\s+", "", name)) >= 5


NAMES = st.one_of(
    st.text(max_size=300),
    st.text(st.sampled_from("<>&\"'/=;{}%-!ab \n\t\x00\u202e\u2028\ufeff"), max_size=60),
    st.text(st.characters(min_codepoint=0x590, max_codepoint=0x8FF), max_size=60),
    st.text(st.sampled_from("😀👩🏾‍🌾🇰🇪ũĩÑ漢字אבجي\u0301"), max_size=60),
    st.integers(1, 3_000).map("W".__mul__),
)


@settings(max_examples=15, deadline=None)
@given(names=st.lists(NAMES, min_size=4, max_size=4))
def test_no_name_breaks_a_page(tmp_path: Path, names: list[str]) -> None:
    title, of, account, note = names
    rows = [Row((account, None), Style.HEADING), Row((account, Figure(4_711)))]
    report = a_statement(rows, of=of)
    report.title, report.notes, report.warnings = title, [note], [note]

    pdf.write(report, tmp_path / "odd.pdf", IMPRINT)

    assert sum(line.endswith("47.11") for line in lines_of(tmp_path / "odd.pdf")) == 1


@given(text=NAMES.map(drawable), width=st.integers(20, 200))
def test_wrapping_loses_no_letter_and_stays_within_its_width(text: str, width: int) -> None:
    lines = wrap(text, width, lambda one: 7 * len(one), most_lines=10_000)

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) * 7 <= width for line in lines if len(line) > 1)


def test_a_text_of_too_many_lines_ends_with_an_ellipsis() -> None:
    assert wrap("one two three four", 5, len, most_lines=2) == ["one", "tw…"]


def test_a_letter_that_no_face_has_shows_that_it_is_missing() -> None:
    assert drawable("Mũgo 漢 & Ñandú") == "Mũgo \ufffd & Ñandú"


def test_marks_that_turn_letters_around_do_not_reach_the_page() -> None:
    assert drawable("KES \u202e000,1\u202c\x00 paid\n\ud800") == "KES 000,1 paid"


def test_words_from_right_to_left_are_drawn_in_their_order() -> None:
    assert in_order("12 אבג x", PLAIN) == "12 גבא x"


def test_nothing_of_it_is_loaded_before_something_is_printed(tmp_path: Path) -> None:
    script = (
        "import sys, django; django.setup(); import erp.urls, periodic.tasks,"
        " periodic.paper.formats, periodic.statements, periodic.management.commands.report;"
        " print(sorted({'reportlab', 'xhtml2pdf', 'PIL', 'lxml', 'pypdf'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ
        | {
            "VAR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "erp.settings",
            "PYTHONPATH": f"{ROOT / 'site'}:{ROOT}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == "[]\n"
