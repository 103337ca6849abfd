"""The front door: where each person goes after signing in, what one sees when it goes wrong."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from erp.known_browsers import door_of, remember
from money.access import Ability, abilities_of, businesses_for
from money.actions.passwords import BadPassword, change_own_password
from money.actions.sign_in import NotSignedIn, sign_in
from money.models import User
from money.views.doors import plain
from shops.views.on_device import BY_PIN


class CountedForm(AuthenticationForm):
    """Name and password, looked at only while there have not been too many wrong ones."""

    def clean(self) -> dict[str, str]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if self.request is not None and name and password:
            try:
                self.user_cache = sign_in(
                    username=name,
                    password=password,
                    door=door_of(self.request, name),
                    at=timezone.now(),
                )
            except NotSignedIn as refusal:
                raise ValidationError(str(refusal)) from refusal
        return self.cleaned_data


class SignIn(LoginView):
    """Sign in by password, which opens everything that a PIN does not, and unlocks the PIN."""

    template_name = "erp/login.html"
    authentication_form = CountedForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        if BY_PIN in self.request.session:
            # Of the same person Django would keep the session, and with it that it is a PIN's.
            self.request.session.flush()
        response = super().form_valid(form)
        remember(self.request, response, form.get_user().get_username())
        return response


@sensitive_post_parameters("old", "new", "again")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def own_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; what was signed in with the old one elsewhere is not any more."""
    user = request.user
    assert isinstance(user, User)  # login_required
    context: dict[str, object] = {"is_first": user.must_change_password}
    if request.method == "GET":
        return render(request, "erp/password.html", context)
    try:
        _change_password(request, user)
    except BadPassword as refusal:
        return render(request, "erp/password.html", context | {"refusal": refusal}, status=422)
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed.")
    return redirect("home")


def _change_password(request: HttpRequest, user: User) -> None:
    old, new, again = (plain(request.POST.get(name, "")) for name in ("old", "new", "again"))
    if new != again:
        raise BadPassword("The two new passwords are not the same. Type the new one twice.")
    door = door_of(request, user.get_username())
    change_own_password(user=user, old=old, new=new, door=door, at=timezone.now())


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
