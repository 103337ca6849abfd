"""/operations/: the engine room."""

from django.urls import path

from periodic.views import operations

app_name = "operations"
urlpatterns = [
    path("", operations.page, name="page"),
    path("now", operations.inside, name="inside"),
]
