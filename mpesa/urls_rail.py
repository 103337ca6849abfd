"""An owner's pages of the rail."""

from django.urls import path

from mpesa.views import payments

app_name = "rail"
urlpatterns = [
    path("", payments.front, name="front"),
    path("ask", payments.ask, name="ask"),
    path("till/<str:number>/balance", payments.balance, name="balance"),
    path("reversal/<int:reversal_id>", payments.decide, name="decide"),
    path("<str:receipt>", payments.payment, name="payment"),
    path("<str:receipt>/reverse", payments.reverse, name="reverse"),
]
