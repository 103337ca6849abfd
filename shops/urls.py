from django.urls import path

from shops import views

app_name = "shops"
urlpatterns = [
    path("<slug:slug>/", views.counter, name="counter"),
    path("<slug:slug>/sell", views.sell, name="sell"),
    path("<slug:slug>/sales/<int:sale_id>/", views.sale_page, name="sale"),
    path("<slug:slug>/sales/<int:sale_id>/state", views.sale_state, name="state"),
    path("<slug:slug>/sales/<int:sale_id>/cash", views.sale_cash, name="cash"),
    path("<slug:slug>/sales/<int:sale_id>/mpesa", views.sale_mpesa, name="mpesa"),
    path("<slug:slug>/sales/<int:sale_id>/check", views.sale_check, name="check"),
    path("<slug:slug>/sales/<int:sale_id>/cancel", views.sale_cancel, name="cancel"),
    path("<slug:slug>/sales/<int:sale_id>/receipt", views.receipt, name="receipt"),
]
