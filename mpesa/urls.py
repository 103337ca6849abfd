"""Callback addresses: no word that Safaricom refuses, no trailing slash to redirect to."""

from django.urls import path

from mpesa import views
from mpesa.addresses import KINDS, STK

urlpatterns = [
    *(path(f"<str:secret>/{k.word}", views.take, {"kind": k}, name=k.name) for k in KINDS),
    path(f"<str:secret>/{STK.word}/<str:token>", views.take, {"kind": STK}, name="stk-token"),
]
app_name = "mpesa"
