"""Who is let in where: each page names the abilities that open it, each action its own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache

from money.access import Ability, businesses_for
from money.actions.papers import MOST_PAPER_BYTES, BadPaper, Paper
from money.models import Attachment, Business, User

View = Callable[..., HttpResponse]
# What lets one look into the books of a business at all.
INSIDE = (Ability.SEE_BOOKS, Ability.CLOSE_DAYS)


class Reader:
    """Who asks, and what they may do in which business; each ability is read once."""

    def __init__(self, user: User) -> None:
        self.user = user
        self._businesses: dict[Ability, list[Business]] = {}

    def where(self, ability: Ability) -> list[Business]:
        """Return the businesses in which the ability is held, by name."""
        if ability not in self._businesses:
            rows = businesses_for(self.user, ability).select_related("tax_person", "book")
            self._businesses[ability] = list(rows)
        return self._businesses[ability]

    def may(self, ability: Ability, business_id: int) -> bool:
        """Tell whether the ability is held in a business."""
        return any(business.pk == business_id for business in self.where(ability))

    def business(self, slug: str, *abilities: Ability) -> Business:
        """Return the business where one of `abilities` is held; else there is no such page."""
        for ability in abilities or (Ability.SEE_BOOKS,):
            for business in self.where(ability):
                if business.slug == slug:
                    return business
        raise Http404

    def businesses(self, slugs: list[str]) -> list[Business]:
        """Return the businesses named, all that one sees where none is; 404 where one is hidden."""
        if not slugs:
            return self.where(Ability.SEE_BOOKS)
        wanted = {slug: self.business(slug) for slug in slugs}
        return [b for b in self.where(Ability.SEE_BOOKS) if b.slug in wanted]

    def insist(self, ability: Ability, business: Business) -> None:
        """Refuse who sees the business and may not do this in it."""
        if not self.may(ability, business.pk):
            raise PermissionDenied


def opened_by(*abilities: Ability) -> Callable[[View], View]:
    """Let in who has one of `abilities` anywhere; others sign in, or are refused."""

    def guard(view: View) -> View:
        @wraps(view)
        @never_cache
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not isinstance(request.user, User):
                is_get = request.method == "GET"
                return redirect_to_login(
                    request.get_full_path() if is_get else reverse("money:front")
                )
            if request.method == "GET":
                # Addresses are UTF-8, whatever the request claims to be written in.
                request.encoding = "utf-8"
            reader = Reader(request.user)
            if not any(reader.where(ability) for ability in abilities):
                raise PermissionDenied
            return view(request, reader, **kwargs)

        return guarded

    return guard


def fields_of(request: HttpRequest) -> dict[str, str]:
    """Return what a form sent, as plain text."""
    return {plain(name): plain(str(value)) for name, value in request.POST.items()}


def paper_of(request: HttpRequest) -> Paper | None:
    """Return the file that came with the form. Raises BadPaper before a large one is read."""
    file = request.FILES.get("paper")
    if not isinstance(file, UploadedFile):
        return None
    if (file.size or 0) > MOST_PAPER_BYTES:
        raise BadPaper("The paper is larger than 5 MB.")
    return Paper(
        name=plain(file.name or ""), content_type=file.content_type or "", content=file.read()
    )


def hand_out(kept: Attachment) -> HttpResponse:
    """Answer with a paper as a file to keep, never to run in the page."""
    disposition = content_disposition_header(as_attachment=True, filename=kept.name)
    return HttpResponse(
        bytes(kept.content),
        content_type=kept.content_type,
        headers={
            "Content-Disposition": disposition or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def plain(text: str) -> str:
    """Return a text that can be kept: without NUL, and "?" for half a character.

    PostgreSQL cannot hold or even look for NUL; an odd charset decodes to halves of characters,
    which no UTF-8 has.
    """
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
