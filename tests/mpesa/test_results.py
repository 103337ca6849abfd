import pytest

from mpesa.results import MEANINGS, Outcome, meaning_of

FINAL = ["1", "2", "3", "4", "8", "17", "1001", "1019", "1025", "9999", "1036", "1031", "1032"]
FINAL += ["1037", "2001", "2028", "SFC_IC0003", "8006", "E3008"]
OUR_OWN = [
    "withdrawn",
    "unreachable",
    "refused",
    "credentials",
    "product",
    "busy",
    "phone-busy",
    "never-asked",
]


def test_meaning_of_zero_alone_is_paid():
    assert [code for code, m in MEANINGS.items() if m.outcome is Outcome.PAID] == ["0"]


@pytest.mark.parametrize("code", FINAL + OUR_OWN)
def test_meaning_of_final_codes_is_failed(code):
    assert meaning_of(code).outcome is Outcome.FAILED


@pytest.mark.parametrize("code", ["4999", "26", "", "00", "0.0", " 0", "777", "sfc_ic0003"])
def test_meaning_of_other_codes_is_pending(code):
    assert meaning_of(code).outcome is Outcome.PENDING


def test_meanings_list_every_code_that_is_tested_here():
    assert set(MEANINGS) == {"0", "4999", *FINAL, *OUR_OWN}


def test_meanings_are_sentences():
    assert {m.sentence[-1] for m in MEANINGS.values()} == {"."}
