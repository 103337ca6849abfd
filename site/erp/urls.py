from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from erp import views
from periodic.views import health
from shops.urls import cash_urls, inbox_urls, people_urls, stock_urls

urlpatterns = [
    # First, because nothing comes as often and has as little time.
    path("cb/", include("mpesa.urls")),
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
    path("readyz", health.readyz, name="readyz"),
    path("login", views.SignIn.as_view(), name="login"),
    path("password", views.own_password, name="password"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("cash/", include(cash_urls)),
    path("books/", include("money.urls")),
    path("operations/", include("periodic.urls_operations")),
    path("payments/", include("mpesa.urls_rail")),
    path("s/", include("shops.urls")),
    path("inbox/", include(inbox_urls)),
    path("jobs/", include("periodic.urls")),
    path("people/", include(people_urls)),
    path("stock/", include(stock_urls)),
    path("till/", include("mpesa.urls_statements")),
]
handler400 = "erp.views.bad_request"
handler403 = "erp.views.forbidden"
handler404 = "erp.views.not_found"
handler500 = "erp.views.broken"
