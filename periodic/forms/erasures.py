"""Which customers' phones are to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from money.access import Ability
from mpesa.actions.erasures import ask_for_erasures
from mpesa.phones import NotPhones, NumberedPhone, parse_lines
from periodic.forms import KindForm

MOST_PHONES = 200
MOST_CHARACTERS = 10_000


class ErasuresForm(KindForm):
    """Phones, one per line. They are kept by the rail until erased, never by the job."""

    ability = Ability.MANAGE
    phones = forms.CharField(
        label="Phone numbers, one per line",
        max_length=MOST_CHARACTERS,
        # Blank lines above count too, or a refusal would name the wrong one.
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "autocomplete": "off", "spellcheck": "false"}),
        help_text=f"At most {MOST_PHONES}. What is erased is lost for good.",
    )
    quarantined_too = forms.BooleanField(
        required=False, label="Erase messages in quarantine as well: I have looked at them"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # No link fills it in: an address ends in logs and histories.
        self.initial.pop("phones", None)
        self._request_id: int | None = None

    def clean_phones(self) -> list[NumberedPhone]:
        """Return each phone once, with its line. Refuses what is no phone, by its line."""
        try:
            found = parse_lines(self.cleaned_data["phones"])
        except NotPhones as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if not found:
            raise forms.ValidationError("Write at least one phone.")
        if len(found) > MOST_PHONES:
            raise forms.ValidationError(
                f"These are {len(found)} phones. Erase at most {MOST_PHONES} at once."
            )
        return found

    def keep(self, now: datetime) -> None:
        """Keep the phones on the rail; the job is given the id of what holds them."""
        request = ask_for_erasures(
            phones=self.cleaned_data["phones"],
            by=self.user,
            now=now,
            quarantined_too=self.cleaned_data["quarantined_too"],
        )
        self._request_id = request.pk

    def parameters(self) -> Mapping[str, str | int | bool | None]:
        """Return the id of the request, which `keep` made; no phone."""
        assert self._request_id is not None, "keep() comes first"
        return {"request": self._request_id}

    def title(self) -> str:
        """Return "Erase 3 customers"."""
        count = len(self.cleaned_data["phones"])
        return f"Erase {count} customers" if count > 1 else "Erase 1 customer"
