from money.chart import CHART, Code, Kind
from money.models import AccountKind


def test_chart_has_each_code_once() -> None:
    codes = [account.code for account in CHART]

    assert codes == sorted(set(codes))


def test_chart_has_every_account_that_code_posts_to() -> None:
    codes = {account.code for account in CHART}

    assert [code for code in Code if code not in codes] == []


def test_chart_codes_begin_with_the_digit_of_their_kind() -> None:
    kinds: dict[str, set[str]] = {}
    for account in CHART:
        kinds.setdefault(account.code[0], set()).add(account.kind)

    assert kinds == {
        "1": {Kind.ASSET},
        "2": {Kind.LIABILITY},
        "3": {Kind.EQUITY},
        "4": {Kind.INCOME},
        "5": {Kind.EXPENSE},
        "6": {Kind.EXPENSE},
    }


def test_chart_names_each_account_once() -> None:
    names = [account.name for account in CHART]

    assert len(set(names)) == len(names)


def test_chart_kinds_are_those_of_the_model() -> None:
    assert AccountKind.values == [kind.value for kind in Kind]
