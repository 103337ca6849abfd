"""An owner's pages of the rail."""

from django.urls import path, re_path

from mpesa.views import payments, signs

app_name = "rail"
urlpatterns = [
    path("", payments.front, name="front"),
    path("ask", payments.ask, name="ask"),
    re_path(r"^till/(?P<number>[0-9]{5,10})/sign$", signs.sign, name="sign"),
    path("till/<str:number>/balance", payments.balance, name="balance"),
    path("reversal/<int:reversal_id>", payments.decide, name="decide"),
    path("<str:receipt>", payments.payment, name="payment"),
    path("<str:receipt>/reverse", payments.reverse, name="reverse"),
]
