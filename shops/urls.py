from django.urls import path

from shops.views import counter, inbox, people, switch

app_name = "shops"
urlpatterns = [
    path("<slug:slug>/", counter.counter, name="counter"),
    path("<slug:slug>/sell", counter.sell, name="sell"),
    path("<slug:slug>/sales/<int:sale_id>/", counter.sale_page, name="sale"),
    path("<slug:slug>/sales/<int:sale_id>/state", counter.sale_state, name="state"),
    path("<slug:slug>/sales/<int:sale_id>/cash", counter.sale_cash, name="cash"),
    path("<slug:slug>/sales/<int:sale_id>/mpesa", counter.sale_mpesa, name="mpesa"),
    path("<slug:slug>/sales/<int:sale_id>/check", counter.sale_check, name="check"),
    path("<slug:slug>/sales/<int:sale_id>/cancel", counter.sale_cancel, name="cancel"),
    path("<slug:slug>/sales/<int:sale_id>/receipt", counter.receipt, name="receipt"),
]

# Included at an address of its own, under the name "inbox".
inbox_urls = (
    [
        path("<slug:slug>/", inbox.inbox, name="inbox"),
        path("<slug:slug>/<int:payment_id>/match", inbox.match, name="match"),
        path("<slug:slug>/<int:payment_id>/aside", inbox.set_aside, name="aside"),
        path("<slug:slug>/matches/<int:allocation_id>/undo", inbox.undo, name="undo"),
    ],
    "inbox",
)

# Included at an address of its own, under the name "people".
people_urls = (
    [
        path("switch", switch.switch, name="switch"),
        path("lock", switch.lock, name="lock"),
        path("alive", switch.alive, name="alive"),
        path("<slug:slug>/", people.people, name="people"),
        path("<slug:slug>/pin", people.own_pin, name="pin"),
        path("<slug:slug>/device", people.new_device, name="device"),
        path("<slug:slug>/devices/<int:device_id>/revoke", people.revoke, name="revoke"),
        path("<slug:slug>/pins/<int:user_id>/clear", people.clear, name="clear"),
    ],
    "people",
)
