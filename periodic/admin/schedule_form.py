"""A schedule as its owner edits it; words and parameters are looked at before they are kept."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.utils.html import format_html

from money.models import Business
from periodic.kinds_of_schedules import KINDS
from periodic.models import Schedule
from periodic.timetable import UNDERSTOOD, NotUnderstood, next_times

# Whether words are understood does not hang on the day.
ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
# What every job of a schedule is told anyway.
TOLD_ANYWAY = {"due", "business"}
NAMES_AND_VALUES = 'Write names and values, such as {"till": "9900302"}.'
MOST_LETTERS, MOST_NUMBER = 500, 2**53


class ParametersField(forms.JSONField):
    """JSON of a few names and values: what is longer could be too deep to be read, or shown."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > MOST_LETTERS:
            raise forms.ValidationError(f"At most {MOST_LETTERS} letters.")
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, to be shown again as it was: what was read may not be text."""
        return InvalidJSONInput(data or "")


class ScheduleForm(forms.ModelForm):
    """`managed` and `manages_all` say what the person may set; the admin puts them on the class."""

    managed: QuerySet[Business]
    manages_all = False

    class Meta:
        model = Schedule
        fields = (
            "name",
            "title",
            "kind",
            "words",
            "is_on",
            "missed",
            "business",
            "parameters",
        )
        field_classes = {"parameters": ParametersField}
        widgets = {
            "words": forms.TextInput(attrs={"size": 40, "autocomplete": "off"}),
            "parameters": forms.Textarea(attrs={"rows": 2, "cols": 40}),
        }
        help_texts = {
            "words": format_html(
                'Nairobi time. <span id="next-times" aria-live="polite">For example: {}.</span>',
                UNDERSTOOD,
            ),
            "parameters": "Only where the job's description asks for some.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was = {name: getattr(self.instance, name) for name in self.fields}
        if "kind" in self.fields:
            kinds = [one for one in KINDS.values() if self.manages_all or one.is_per_business]
            names = [(one.name, one.title) for one in kinds]
            self.fields["kind"] = forms.ChoiceField(choices=names, label="What it does")
        if "business" in self.fields:
            business: Any = self.fields["business"]
            business.queryset = self.managed
            # For all businesses is for who manages all of them.
            business.required = not self.manages_all
            business.empty_label = "All businesses" if self.manages_all else "---------"

    def clean_words(self) -> str:
        """Return the words, once a time is known that they mean."""
        words: str = self.cleaned_data["words"]
        try:
            next_times(words, ANY_TIME, 1)
        except NotUnderstood as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return words

    def clean_parameters(self) -> dict[str, Any]:
        """Return what JSON gives back as it was: names with texts, whole numbers, yes or no."""
        told = self.cleaned_data["parameters"] or {}
        if not isinstance(told, dict) or not all(
            _is_kept(one) for pair in told.items() for one in pair
        ):
            raise forms.ValidationError(NAMES_AND_VALUES)
        if taken := TOLD_ANYWAY & set(told):
            raise forms.ValidationError(f"“{min(taken)}” is set by each run itself.")
        return told

    def clean(self) -> dict[str, Any] | None:
        """Take from the kind whether a run is of one business."""
        fields = super().clean()
        if fields and fields.get("kind"):
            is_of_one = KINDS[fields["kind"]].is_per_business
            self.instance.is_per_business = is_of_one
            if fields.get("business") and not is_of_one:
                self.add_error("business", "This runs for all businesses together.")
        return fields


def _is_kept(value: object) -> bool:
    """Tell whether any database gives a name or a value back as it was."""
    if isinstance(value, str):
        return value.isprintable()
    return value is None or (isinstance(value, int) and abs(value) <= MOST_NUMBER)
