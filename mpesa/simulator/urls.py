"""The addresses of the simulator: Daraja's at the root, its own under `sim/`, pages for people."""

from django.urls import path, re_path

from mpesa.simulator import views, views_pages, views_sim

urlpatterns = [
    path("oauth/v1/generate", views.generate_token),
    path("mpesa/stkpush/v1/processrequest", views.process_request),
    path("mpesa/stkpushquery/v1/query", views.query),
    path("sim/alive", views_sim.alive),
    path("sim/knobs", views_sim.knobs),
    path("sim/preset/<str:name>", views_sim.preset),
    path("sim/credentials", views_sim.credentials),
    path("sim/reset", views_sim.reset),
    path("sim/prompts", views_sim.prompts),
    path("sim/prompts/<str:name>", views_sim.prompt),
    path("sim/prompts/<str:name>/answer", views_sim.answer),
    path("sim/prompts/<str:name>/redeliver", views_sim.redeliver),
    path("", views_pages.phones),
    path("phone/", views_pages.phones),
    path("phone/<str:phone>", views_pages.phone),
    path("phone/<str:phone>/answer", views_pages.answer),
    path("knobs", views_pages.knobs),
    re_path(r"", views.resource_not_found),
]
