"""What is typed to ask for a job: each kind has a form, which turns it into plain parameters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings

from money.access import Ability, businesses_for
from money.models import Business, User


class KindForm(forms.Form):
    """The base of every kind's form; `user` is who asks, `ability` what they need."""

    ability = Ability.MANAGE

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.user = user
        self.mine = list(businesses_for(user, self.ability).select_related("tax_person"))
        if settings.MAIL_IS_CONFIGURED and user.email:
            self.fields["wants_mail"] = forms.BooleanField(
                required=False, label=f"Mail me at {user.email} when it is done"
            )

    @property
    def wants_mail(self) -> bool:
        """Whether who asks wants a mail at the end."""
        return bool(self.cleaned_data.get("wants_mail"))

    def businesses(self) -> list[Business]:
        """Return the businesses that the job concerns; none means all of them."""
        return []

    def keep(self, now: datetime) -> None:
        """Write rows that the parameters are to name; in the transaction that asks for the job."""

    def parameters(self) -> Mapping[str, str | int | bool | None]:
        """Return what the work is called with: plain values that JSON gives back as they were.

        Under "businesses" stand the slugs, joined by commas, of those that the job concerns.
        """
        return {}

    def title(self) -> str:
        """Return what people read of the job, beyond its kind's title."""
        return ""
