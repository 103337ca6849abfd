"""What somebody sees who opens an address that only takes a form: a reload, an old tab."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

SENTENCE = (
    "This address only takes what a form sends. What you did before is done or was refused, and"
    " nothing is done twice. Go back to the page you came from, or begin at the front page."
)


class OnlyForms:
    """Middleware: a browser's GET that is not allowed gets a page, where Django says nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if not isinstance(answer, HttpResponseNotAllowed) or request.method != "GET":
            return answer
        if not request.accepts("text/html") or "Accept" not in request.headers:
            return answer
        context = {"title": "Nothing to open here", "sentence": SENTENCE}
        page = render(request, "erp/sentence.html", context, status=answer.status_code)
        page["Allow"] = answer["Allow"]
        return page
