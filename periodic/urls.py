from django.urls import path

from periodic.views import jobs, starting

app_name = "periodic"
urlpatterns = [
    path("", jobs.jobs, name="jobs"),
    path("new/", starting.choose, name="choose"),
    path("new/<slug:name>/", starting.form, name="form"),
    path("start", starting.start, name="start"),
    path("many", jobs.decide_many, name="many"),
    path("<int:pk>/", jobs.job, name="job"),
    path("<int:pk>/progress", jobs.progress, name="progress"),
    path("<int:pk>/file", jobs.file, name="file"),
    path("<int:pk>/<slug:deed>", jobs.decide, name="decide"),
]
