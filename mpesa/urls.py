"""Callback addresses: no word that Safaricom refuses, no trailing slash to redirect to."""

from django.urls import path

from mpesa.addresses import KINDS, WITH_TOKEN
from mpesa.views import callbacks

urlpatterns = [
    *(path(f"<str:secret>/{k.word}", callbacks.take, {"kind": k}, name=k.name) for k in KINDS),
    *(
        path(
            f"<str:secret>/{k.word}/<str:token>",
            callbacks.take,
            {"kind": k},
            name=f"{k.name}-token",
        )
        for k in WITH_TOKEN
    ),
]
app_name = "mpesa"
