"""The papers of which month of which business, and whether it is locked first."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from money.access import Ability
from money.forms.days import BadDay, read_month
from money.models import Business
from periodic.forms import KindForm


class MonthForm(KindForm):
    """All statements of a locked month, together in one file, mailed to the owners."""

    ability = Ability.KEEP_BOOKS
    month = forms.CharField(widget=forms.TextInput(attrs={"type": "month"}))
    business = forms.ChoiceField()
    lock = forms.BooleanField(
        required=False, label="Lock the month first: nothing enters it afterwards"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["business"].choices = [(one.slug, one.name) for one in self.mine]  # type: ignore[attr-defined]

    def clean_month(self) -> date:
        """Return its first day. Refuses what is no month, and one that is not over."""
        try:
            month = read_month(self.cleaned_data["month"])
        except BadDay as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if month >= timezone.localdate().replace(day=1):
            raise forms.ValidationError("That month is not over yet.")
        return month

    def businesses(self) -> list[Business]:
        """Return the one business of the papers."""
        return [one for one in self.mine if one.slug == self.cleaned_data["business"]]

    def parameters(self) -> Mapping[str, str | int | bool | None]:
        """Return the business, the month's first day, and whether to lock it."""
        slug = self.cleaned_data["business"]
        return {
            "business": slug,
            "businesses": slug,
            "month": self.cleaned_data["month"].isoformat(),
            "lock": self.cleaned_data["lock"],
        }

    def title(self) -> str:
        """Return "Duka na Gas, October 2026"."""
        (business,) = self.businesses()
        return f"{business.name}, {self.cleaned_data['month']:%B %Y}"
