"""Pages about tills and their statement files."""

from django.urls import path, re_path

from mpesa.views import statements as views

_TILL = r"^(?P<number>[0-9]{5,10})/statements/"
_FILE = _TILL + r"(?P<pk>[0-9]{1,18})/"

app_name = "statements"
urlpatterns = [
    path("", views.tills, name="tills"),
    re_path(_TILL + r"$", views.files, name="files"),
    re_path(_TILL + r"bring-in$", views.bring_all_in, name="all"),
    re_path(_TILL + r"day/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})/$", views.day, name="day"),
    re_path(_TILL + r"take-back/(?P<pk>[0-9]{1,18})$", views.take_back, name="take_back"),
    re_path(_TILL + r"correct/(?P<pk>[0-9]{1,18})$", views.correct, name="correct"),
    re_path(_FILE + r"$", views.file, name="file"),
    re_path(_FILE + r"progress$", views.progress, name="progress"),
    re_path(_FILE + r"(?P<deed>bring-in|drop)$", views.decide, name="decide"),
]
