"""Files that are broken, too large, made to harm, or anything at all: a sentence, never a crash."""

import io
import random
import re
import zipfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mpesa.statements import (
    NotAStatement,
    StatementFile,
    check_balances,
    check_keys,
    check_totals,
    mask_party,
    read_statement,
)
from mpesa.statements import archives as archives_module
from tests.mpesa.statements.makers import (
    KINDS,
    NEW_HEADER,
    NEW_NAME,
    NEW_SAMPLE,
    OLD_HEADER,
    OLD_SAMPLE,
    as_csv,
    as_xls,
    as_xlsx,
    grid_of,
    new,
    new_row,
    old,
)

REAL = {
    f"{sample.stem[:3]}.{kind}": make(grid_of(sample))
    for sample in (NEW_SAMPLE, OLD_SAMPLE)
    for kind, make in KINDS.items()
}


def refusal(content):
    with pytest.raises(NotAStatement) as refused:
        read_statement(content, NEW_NAME)
    return str(refused.value)


def read_or_refuse(content, name=NEW_NAME):
    """Read a file as an owner's upload would be, checks and all; only a sentence may come back."""
    try:
        file = read_statement(content, name)
    except NotAStatement as refused:
        sentence = str(refused)
    else:
        check_file(file)
        return
    assert re.fullmatch(r"[A-Z].{20,}\.", sentence)


def check_file(file):
    assert isinstance(file, StatementFile)
    check_totals(file)
    check_balances(file)
    check_keys(file)
    for row in file.rows:
        assert min(row.paid_in_cents, row.withdrawn_cents) == 0 <= row.paid_in_cents
        assert row.receipt
        mask_party(row.other_party)
    assert list(file.rows) == sorted(file.rows, key=lambda row: row.completed_at)


def repacked(content, **changes):
    """Return a workbook with parts replaced, or functions applied to them."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            change = changes.get(name.rpartition("/")[2].partition(".")[0], lambda text: text)
            after.writestr(name, change(before.read(name)))
    return file.getvalue()


def in_sheet(xml):
    return repacked(REAL["Sta.xlsx"], sheet1=lambda _: xml)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \r\n\n", "The file is empty."),
        (b"%PDF-1.7 ...", "This is a PDF."),
        (b"Receipt;Amount\n1;2\n", "This is not an M-Pesa statement: no row begins with Receipt"),
        (b"<html><body>Log in</body></html>", "This is not an M-Pesa statement"),
        (b"Receipt No,Details\n", "Line 1 begins with Receipt No., but the column Completion"),
        (b"PK\x03\x04 nothing", "The workbook is broken."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nothing", "The workbook cannot be read"),
        (as_xlsx([["Account Holder:"]]), "This is not an M-Pesa statement"),
        (as_xls([["Account Holder:"]]), "This is not an M-Pesa statement"),
        (b"x" * 20_000_001, "The file is larger than 20 MB."),
        (b'Receipt No,"' + b"x" * 200_000, "Line 1 of the file cannot be read as CSV."),
        (b"\n".join([b"a,b"] * 200_100), "The file has more than 200,000 rows."),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_is_no_statement_is_refused_with_a_sentence(content, sentence):
    assert refusal(content).startswith(sentence)


def test_a_statement_without_rows_is_one():
    file = read_statement(as_csv(new()), NEW_NAME)

    assert (file.rows, file.shortcode, check_totals(file)) == ((), "600991", None)


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_csv_that_is_cut_off_in_its_last_row_is_refused_or_whole_before_it(cut):
    content = as_csv(grid_of(NEW_SAMPLE))
    whole = read_statement(content, NEW_NAME).rows

    try:
        outcome: object = read_statement(content[:-cut], NEW_NAME).rows[-7:]
    except NotAStatement as refused:
        outcome = str(refused)[:19]
    assert outcome in ("Line 9 of the file ", whole[1:])


# Bombs


def test_a_bomb_of_zeros_is_refused_unread():
    bomb = repacked(REAL["Sta.xlsx"], theme1=lambda _: b" " * 201_000_000)

    assert len(bomb) < 1_000_000
    assert refusal(bomb).startswith("The workbook is too large when it is unpacked.")


def test_a_workbook_of_many_parts_is_refused(monkeypatch):
    monkeypatch.setattr(archives_module, "MOST_MEMBERS", 5)

    assert refusal(REAL["Sta.xlsx"]).startswith("The workbook is too large")


@pytest.mark.parametrize(
    "xml",
    [
        b"<worksheet><sheetData><row>" + b"<c/>" * 60_000 + b"</row></sheetData></worksheet>",
        b"<worksheet><sheetData>" + b"<row/>" * 202_000 + b"</sheetData></worksheet>",
        b"<sst>" + b"<si/>" * 2_000 + b"</sst>",
    ],
    ids=["a row without end", "rows without end", "strings without end"],
)
def test_elements_that_would_fill_the_memory_are_refused_unread(xml, monkeypatch):
    monkeypatch.setattr(archives_module, "MOST_STRINGS", 1_000)

    assert refusal(in_sheet(xml)).startswith("The workbook is too large")


ENTITIES = (
    '<?xml version="1.0" encoding="{0}"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b SYSTEM "file:///etc/hostname">]><worksheet><sheetData><row><c t="inlineStr">'
    "<is><t>&a;&b;</t></is></c></row></sheetData></worksheet>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(encoding):
    assert refusal(in_sheet(ENTITIES.format(encoding).encode(encoding))).startswith(
        "The workbook is broken"
    )


def test_rows_within_rows_are_refused():
    assert refusal(in_sheet(b"<w><row>" + b"<row>" * 50)).startswith("The workbook is broken")


def test_a_row_far_down_does_not_make_rows_without_end():
    far = repacked(
        REAL["Sta.xlsx"], sheet1=lambda xml: xml.replace(b'<row r="3"', b'<row r="900000000"')
    )

    assert refusal(far).startswith("The file has more than 200,000 rows.")


def test_a_wrong_size_in_the_sheet_cuts_nothing_off():
    sized = repacked(
        REAL["Sta.xlsx"],
        sheet1=lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', xml),
    )

    assert read_statement(sized, NEW_NAME) == read_statement(NEW_SAMPLE.read_bytes(), NEW_NAME)


# Anything at all

SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
MAGIC = st.sampled_from(
    [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xef\xbb\xbf", b"Receipt No,"]
)
TEXT = st.text(max_size=30)
CELL = (
    st.sampled_from(
        ["", "1,500.00", "-20", "1e9", "22/11/2026 10:15:47", "46348.4", "Completed", "UKM5A1B2C3"]
    )
    | st.sampled_from(["Pay Bill from 1 - A Acc. ", "Pay Bill Charge", *OLD_HEADER, *NEW_HEADER])
    | TEXT
)
GRID = st.lists(st.lists(CELL, max_size=15), max_size=8)
HEADERS = st.sampled_from([NEW_HEADER, OLD_HEADER])


@SLOW
@given(MAGIC, st.binary(max_size=2000), TEXT)
@example(b"Receipt No,", b"", "Statements for 600991 from 2026-99-22 to 2026-11-22")
def test_any_bytes_are_read_or_refused(magic, content, name):
    read_or_refuse(magic + content, name)


@SLOW
@given(HEADERS, GRID, GRID)
def test_any_grid_is_read_or_refused(header, above, below):
    content = as_csv([*above, header, *below], "utf-8-sig")

    read_or_refuse(content)


@SLOW
@given(st.sampled_from(sorted(REAL)), st.integers(0, 2**32), st.integers(1, 12))
def test_damaged_files_of_every_kind_are_read_or_refused(name, seed, wounds):
    chance = random.Random(seed)
    content = bytearray(REAL[name])
    for _ in range(wounds):
        at = chance.randrange(len(content))
        content[at : at + chance.choice([0, 1, 1, 4])] = chance.randbytes(chance.choice([0, 1, 4]))
    if chance.random() < 0.3:
        del content[chance.randrange(1, len(content)) :]

    read_or_refuse(bytes(content))


@SLOW
@given(
    st.sampled_from(["Sta.xlsx", "old.xlsx"]),
    st.sampled_from(["sheet1", "sharedStrings", "workbook", "styles", "[Content_Types]"]),
    st.integers(0, 2**32),
)
def test_workbooks_with_damaged_parts_are_read_or_refused(name, part, seed):
    chance = random.Random(seed)

    def damage(xml):
        at, size = chance.randrange(len(xml)), chance.choice([1, 3, 20])
        new_bytes = bytes(chance.choice(b'0123456789<>/"= abcrstv') for _ in range(size))
        return xml[:at] + new_bytes + xml[at + chance.choice([0, size]) :]

    read_or_refuse(repacked(REAL[name], **{part: damage}))


AMOUNT = st.integers(0, 10**11).map(lambda cents: f"{cents // 100:,}.{cents % 100:02}")
NAME = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
ROWS = st.lists(
    st.builds(
        lambda amount, name, day: new_row(
            f"Pay Bill from 2547****101 - {name} Acc. {name}",
            amount,
            balance=amount,
            time=f"{day:02}/11/2026 10:15:47",
        ),
        AMOUNT,
        NAME,
        st.integers(1, 30),
    ),
    max_size=6,
)


@SLOW
@given(ROWS)
def test_the_same_rows_read_alike_through_csv_xlsx_and_xls(rows):
    files = [read_statement(make(new(*rows)), NEW_NAME) for make in KINDS.values()]

    assert files[0] == files[1] == files[2]
    assert sum(r.paid_in_cents for r in files[0].rows) == sum(
        int(re.sub(r"\D", "", row[4])) for row in rows
    )


@SLOW
@given(ROWS)
def test_the_old_layout_keeps_each_amount_as_a_number(rows):
    grid = old(
        *([row[0], row[1], "", *row[2:4], int(re.sub(r"\D", "", row[4])) / 100] for row in rows)
    )
    for row in grid[1:]:
        row.extend(["", ""])

    for make in (as_xls, as_xlsx):
        amounts = sorted(row.paid_in_cents for row in read_statement(make(grid), "").rows)
        assert amounts == sorted(int(re.sub(r"\D", "", row[4])) for row in rows)
