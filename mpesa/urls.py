"""Callback addresses: no word that Safaricom refuses, no trailing slash to redirect to."""

from django.urls import path

from mpesa import views

urlpatterns = [
    path("<str:secret>/stk", views.stk, name="stk"),
    path("<str:secret>/stk/<str:token>", views.stk, name="stk-token"),
]
app_name = "mpesa"
