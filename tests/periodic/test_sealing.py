"""The seal: what goes in comes out, and nothing that was touched opens."""

import io
from pathlib import Path

import pyrage  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from periodic.safekeeping.refusals import Damaged, NotABackup, Refused, WrongKey
from periodic.safekeeping.sealing import CHUNK, TAG, Opened, Seal

PASSPHRASE = "simba-na-nyati-msituni-usiku"
# A few rounds of scrypt; how many there are is the header's affair.
WORK = 4


def sealed(data: bytes, *, passphrase: str = PASSPHRASE, work: int = WORK) -> bytes:
    out = io.BytesIO()
    seal = Seal(out, passphrase, work=work)
    for start in range(0, len(data), 10_000):
        seal.write(data[start : start + 10_000])
    seal.close()
    return out.getvalue()


def opened(data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return Opened(io.BytesIO(data), passphrase).read()


SMALL = sealed(b"a shop's books " * 10)
# Three chunks, the last one short.
LARGE_TEXT = bytes(range(256)) * 513
LARGE = sealed(LARGE_TEXT)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_what_was_sealed_comes_out(size: int) -> None:
    data = bytes(size % 251 for size in range(size))

    assert opened(sealed(data)) == data


def test_it_is_read_bit_by_bit() -> None:
    reader = Opened(io.BytesIO(LARGE), PASSPHRASE)

    parts = list(iter(lambda: reader.read(1000), b""))

    assert b"".join(parts) == LARGE_TEXT
    assert max(map(len, parts)) == 1000


@pytest.mark.parametrize("size", [0, 100, CHUNK, 2 * CHUNK + 5])
def test_another_implementation_of_age_opens_it(size: int) -> None:
    data = b"x" * size

    assert pyrage.passphrase.decrypt(sealed(data, work=12), PASSPHRASE) == data


def test_what_another_implementation_sealed_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    # It takes as many rounds as the machine does in a second.
    monkeypatch.setattr("periodic.safekeeping.sealing.MOST_WORK", 22)

    assert opened(pyrage.passphrase.encrypt(b"habari", PASSPHRASE)) == b"habari"


@given(position=st.integers(0, len(SMALL) - 1), change=st.integers(1, 255))
@settings(deadline=None, max_examples=150)
def test_one_altered_byte_is_refused(position: int, change: int) -> None:
    altered = bytearray(SMALL)
    altered[position] ^= change

    with pytest.raises(Refused):
        opened(bytes(altered))


@given(position=st.integers(0, len(LARGE) - 1), change=st.integers(1, 255))
@settings(deadline=None, max_examples=50)
def test_one_altered_byte_of_several_chunks_is_refused(position: int, change: int) -> None:
    altered = bytearray(LARGE)
    altered[position] ^= change

    with pytest.raises(Refused):
        opened(bytes(altered))


@given(length=st.integers(0, len(LARGE) - 1))
@settings(deadline=None, max_examples=100)
def test_a_file_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(Refused):
        opened(LARGE[:length])


def test_a_small_file_is_refused_at_every_length() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(Refused):
            opened(SMALL[:length])


def chunks_of(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return the beginning of a sealed file, and its sealed chunks."""
    start = data.index(b"\n--- ") + 5 + 43 + 1 + 16
    whole = CHUNK + TAG
    return data[:start], [data[at : at + whole] for at in range(start, len(data), whole)]


def test_chunks_that_changed_places_are_refused() -> None:
    begin, (first, second, third) = chunks_of(LARGE)

    for others in ([second, first, third], [first, third], [first, second], [first, first, third]):
        with pytest.raises(Damaged):
            opened(begin + b"".join(others))


def test_a_cut_between_chunks_says_that_the_end_is_missing() -> None:
    begin, (first, _, _) = chunks_of(LARGE)

    with pytest.raises(Damaged, match="its end is missing"):
        opened(begin + first)


def test_something_behind_the_end_is_refused() -> None:
    for more in (b"x", b"x" * (CHUNK + TAG), chunks_of(LARGE)[1][2]):
        with pytest.raises(Damaged):
            opened(LARGE + more)


def test_the_wrong_passphrase_is_refused_at_once() -> None:
    with pytest.raises(WrongKey, match="does not open"):
        Opened(io.BytesIO(SMALL), PASSPHRASE + " ")


def test_two_seals_of_the_same_share_nothing_behind_the_first_words() -> None:
    first, second = (sealed(b"the same") for _ in range(2))

    assert first[:31] == second[:31] == b"age-encryption.org/v1\n-> scrypt"
    assert first[32:54] != second[32:54]
    assert first[-24:] != second[-24:]


@pytest.mark.parametrize("content", [b"", b"PGDMP", b"SQLite format 3\0" * 10, b"\x1f\x8b" * 50])
def test_what_is_no_backup_is_told_so(content: bytes) -> None:
    with pytest.raises(NotABackup):
        opened(content)


def test_a_header_without_an_end_is_refused() -> None:
    for content in (b"-> scrypt " + b"A" * 5000, b"a\n" * 600, b"-> x\n"):
        with pytest.raises(Damaged):
            opened(b"age-encryption.org/v1\n" + content)


def test_a_file_that_asks_for_more_memory_than_it_should_is_refused() -> None:
    with pytest.raises(Damaged):
        opened(SMALL.replace(b" 4\n", b" 30\n", 1))


def test_a_header_for_somebody_else_is_refused(tmp_path: Path) -> None:
    other = pyrage.encrypt(b"x", [pyrage.x25519.Identity.generate().to_public()])

    with pytest.raises(Damaged):
        opened(other)
