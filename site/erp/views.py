"""The front door: where each person goes after signing in, what one sees when it goes wrong."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from money.access import Ability, abilities_of, businesses_for
from money.actions.pins import unlock_pin
from money.models import User
from shops.views.on_device import BY_PIN


class SignIn(LoginView):
    """Sign in by password, which opens everything that a PIN does not, and unlocks the PIN."""

    template_name = "erp/login.html"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        if BY_PIN in self.request.session:
            # Of the same person Django would keep the session, and with it that it is a PIN's.
            self.request.session.flush()
        unlock_pin(user=form.get_user())
        return super().form_valid(form)


@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Send the owner to the day's takings, a cashier to the counter, others to choose."""
    assert isinstance(request.user, User)  # login_required
    shops = list(businesses_for(request.user, Ability.SELL))
    if request.user.is_staff:
        return redirect("admin:index")
    has_books = bool(abilities_of(request.user) & {Ability.SEE_BOOKS, Ability.CLOSE_DAYS})
    if has_books and not shops:
        return redirect("money:front")
    if len(shops) == 1 and not has_books:
        return redirect("shops:counter", shops[0].slug)
    return render(request, "erp/home.html", {"shops": shops, "has_books": has_books})


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process is alive, without asking a database."""
    return HttpResponse("ok\n", content_type="text/plain")


def _sentence(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    context = {"title": title, "sentence": sentence}
    return render(request, "erp/sentence.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what cannot be read."""
    return _sentence(request, 400, "That cannot be read", "Go back, reload the page, try again.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer who may not."""
    return _sentence(request, 403, "Not allowed", "Your role does not allow this. Ask the owner.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an address that is nothing, or nothing for this person."""
    return _sentence(
        request, 404, "Nothing here", "This page does not exist, or is not one of your businesses."
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Answer our own mistake without a stack trace; the log has it."""
    return render(request, "erp/broken.html", status=500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form from before a sign-in or of a cleared browser: nothing was sold or changed."""
    return _sentence(
        request,
        403,
        "This page is too old",
        "You signed in or out since it was loaded. Nothing was done. Go back, reload, try again.",
    )
