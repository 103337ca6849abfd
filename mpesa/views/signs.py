"""A sign for the counter: the code that customers scan to pay a till."""

import base64

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from money.access import Ability
from money.views.doors import Reader, fields_of, opened_by
from mpesa.actions.qr import NoPicture, make_qr
from mpesa.forms import Unreadable, read_static_amount
from mpesa.models import Till


@opened_by(Ability.SET_PRICES)
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, reader: Reader, number: str) -> HttpResponse:
    """Have Safaricom draw a till's code, with an amount or without, and show it to be printed."""
    rows = Till.objects.filter(business__in=reader.where(Ability.SET_PRICES))
    till = rows.select_related("business").filter(number=number).first()
    if till is None:
        raise Http404
    typed = fields_of(request).get("amount", "") if request.method == "POST" else ""
    context: dict[str, object] = {"till": till, "typed": typed}
    status = 200
    if request.method == "POST":
        try:
            shillings = read_static_amount(typed)
            picture = make_qr(till=till, amount_shillings=shillings, now=timezone.now())
        except (Unreadable, NoPicture) as refusal:
            context["refusal"], status = str(refusal), 422
        else:
            context["picture"] = base64.b64encode(picture).decode()
            context["cents"] = shillings * 100
    return render(request, "mpesa/sign.html", context, status=status)
