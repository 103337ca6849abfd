"""Which statement, of which businesses, over which days, as which file."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from money.access import Ability
from money.actions.transfers import related_to
from money.forms.days import BadDay, read_day, read_month, read_period, read_period_since_ever
from money.models import Business
from money.report import Period
from periodic.forms import KindForm

STATEMENTS = {
    "profit-and-loss": "Profit and loss",
    "balance-sheet": "Balance sheet",
    "cash-flow": "Cash flow",
    "trial-balance": "Trial balance",
    "general-ledger": "General ledger",
    "account-statement": "Account statement",
    "vat-return": "VAT return",
}
FORMATS = {"pdf": "PDF", "xlsx": "Excel workbook", "csv": "CSV"}


class StatementForm(KindForm):
    """A statement as a file. The field names are those of the statements' own pages."""

    ability = Ability.SEE_BOOKS
    statement = forms.ChoiceField(choices=list(STATEMENTS.items()))
    format = forms.ChoiceField(choices=list(FORMATS.items()), initial="xlsx")
    b = forms.MultipleChoiceField(
        required=False, label="Businesses", widget=forms.CheckboxSelectMultiple
    )
    beside = forms.BooleanField(required=False, label="Beside the period before")
    code = forms.CharField(
        required=False,
        max_length=20,
        label="Account",
        help_text="Its code; for an account statement only.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["b"].choices = [(one.slug, one.name) for one in self.mine]  # type: ignore[attr-defined]
        # "from" is no name for a class attribute.
        for name, label in (("from", "From"), ("to", "To")):
            self.fields[name] = forms.CharField(
                required=False, label=label, widget=forms.DateInput(attrs={"type": "date"})
            )
        self.period: Period | None = None
        self.chosen: list[Business] = []

    def clean(self) -> dict[str, Any]:
        fields = {name: value for name, value in self.cleaned_data.items() if value is not None}
        slugs = fields.get("b") or [one.slug for one in self.mine]
        self.chosen = [one for one in self.mine if one.slug in slugs]
        days = {name: str(fields.get(name, "")) for name in ("from", "to")}
        try:
            # An account without a first day begins with the books, as on its page.
            read = read_period_since_ever if fields.get("code") else read_period
            self.period = read(days, timezone.localdate())
        except BadDay as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if not self.chosen:
            raise forms.ValidationError("There is no business whose books you may see.")
        if fields.get("statement") == "account-statement" and not fields.get("code"):
            raise forms.ValidationError("Name the account by its code, such as 1100.")
        if fields.get("statement") == "vat-return":
            self._take_tax_person()
        return fields

    def _take_tax_person(self) -> None:
        """A VAT return is of a tax person: all their businesses, and of a month."""
        assert self.period
        person = self.chosen[0].tax_person
        theirs = list(person.businesses.order_by("name"))
        mine = {one.pk for one in self.mine}
        if any(one.tax_person_id != person.pk for one in self.chosen) or not mine.issuperset(
            one.pk for one in theirs
        ):
            raise forms.ValidationError(
                "A VAT return is of one tax person, for who sees all of their businesses."
            )
        self.chosen = theirs
        month = read_month(f"{self.period.to_on:%Y-%m}")
        self.period = Period(month, read_day(self.period.to_on.isoformat()))

    def businesses(self) -> list[Business]:
        """Return the businesses whose books the file shows."""
        return self.chosen

    def parameters(self) -> Mapping[str, str | int | bool | None]:
        """Return the statement, its days, its businesses and its format."""
        assert self.period
        ids = {one.pk for one in self.chosen}
        is_all = len(ids) == len(self.mine)
        return {
            "statement": self.cleaned_data["statement"],
            "format": self.cleaned_data["format"],
            "businesses": ",".join(sorted(one.slug for one in self.chosen)),
            "from": self.period.from_on.isoformat(),
            "to": self.period.to_on.isoformat(),
            "beside": bool(self.cleaned_data.get("beside")),
            "code": self.cleaned_data.get("code", ""),
            # What businesses owe each other cancels out where all that could are shown.
            "is_everything": is_all and related_to(self.chosen) == ids,
        }

    def title(self) -> str:
        """Return "Profit and loss, Nov 2026, Excel workbook"."""
        assert self.period
        name = STATEMENTS[self.cleaned_data["statement"]]
        return f"{name}, {self.period.short}, {FORMATS[self.cleaned_data['format']]}"
