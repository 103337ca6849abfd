"""Slips on the paper of this browser's printer: 80 mm wide, or 58."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

COOKIE = "paper"
WIDTHS = ("80", "58")
KEPT_SECONDS = 400 * 24 * 3600


def on_paper(
    request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Render a slip; `?paper=58` or `?paper=80` chooses the width, for this browser from now on."""
    asked = request.GET.get(COOKIE, "")
    width = next((one for one in (asked, request.COOKIES.get(COOKIE)) if one in WIDTHS), WIDTHS[0])
    papers = {"paper": width, "papers": WIDTHS}
    response = render(request, template, {**context, **papers}, status=status)
    if asked in WIDTHS:
        response.set_cookie(
            COOKIE,
            asked,
            max_age=KEPT_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
