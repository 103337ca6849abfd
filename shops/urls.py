from django.urls import path

from shops.views import (
    batches,
    cash,
    cash_reports,
    counter,
    counts,
    customers,
    held,
    inbox,
    moving,
    parked,
    people,
    purchases,
    receipts,
    recipes,
    refunds,
    sale,
    staff,
    stock,
    switch,
)

app_name = "shops"
urlpatterns = [
    path("<slug:slug>/", counter.counter, name="counter"),
    path("<slug:slug>/sell", counter.sell, name="sell"),
    path("<slug:slug>/sales/<int:sale_id>/", sale.sale_page, name="sale"),
    path("<slug:slug>/sales/<int:sale_id>/state", sale.sale_state, name="state"),
    path("<slug:slug>/sales/<int:sale_id>/cash", sale.sale_cash, name="cash"),
    path("<slug:slug>/sales/<int:sale_id>/mpesa", sale.sale_mpesa, name="mpesa"),
    path("<slug:slug>/sales/<int:sale_id>/credit", sale.sale_credit, name="credit"),
    path("<slug:slug>/sales/<int:sale_id>/refund", refunds.refund, name="refund"),
    path("<slug:slug>/credit-notes/<int:number>/", refunds.credit_note, name="credit_note"),
    path("<slug:slug>/payouts/<int:tender_id>", refunds.payout, name="payout"),
    path("<slug:slug>/unpaid", parked.unpaid, name="unpaid"),
    path("<slug:slug>/customers/", customers.customers, name="customers"),
    path("<slug:slug>/customers/add", customers.add, name="add_customer"),
    path("<slug:slug>/customers/<int:customer_id>/", customers.customer, name="customer"),
    path("<slug:slug>/customers/<int:customer_id>/forget", customers.forget, name="forget"),
    path("<slug:slug>/customers/<int:customer_id>/limit", customers.limit, name="credit_limit"),
    path("<slug:slug>/customers/<int:customer_id>/pay", customers.pay, name="pay_debt"),
    path("<slug:slug>/sales/<int:sale_id>/check", sale.sale_check, name="check"),
    path("<slug:slug>/sales/<int:sale_id>/cancel", sale.sale_cancel, name="cancel"),
    path("<slug:slug>/sales/<int:sale_id>/receipt", receipts.receipt, name="receipt"),
    path("<slug:slug>/sales/<int:sale_id>/print", receipts.print_receipt, name="print"),
    path("<slug:slug>/sales/<int:sale_id>/prints/<int:number>/", receipts.printed, name="printed"),
    path("<slug:slug>/held/", held.held, name="held"),
    path("<slug:slug>/held/hold", held.hold, name="hold"),
    path("<slug:slug>/held/<int:cart_id>/take", held.take, name="take"),
]

# Included at an address of its own, under the name "inbox".
inbox_urls = (
    [
        path("<slug:slug>/", inbox.inbox, name="inbox"),
        path("<slug:slug>/<int:payment_id>/match", inbox.match, name="match"),
        path("<slug:slug>/<int:payment_id>/debt", inbox.match_debt, name="debt"),
        path("<slug:slug>/<int:payment_id>/aside", inbox.set_aside, name="aside"),
        path("<slug:slug>/matches/<int:allocation_id>/undo", inbox.undo, name="undo"),
    ],
    "inbox",
)

# Included at an address of its own, under the name "cash".
cash_urls = (
    [
        path("<slug:slug>/", cash.cash, name="cash"),
        path("<slug:slug>/bank", cash.bank, name="bank"),
        path("<slug:slug>/drawers", cash.new_drawer, name="drawer"),
        path("<slug:slug>/drawers/<int:drawer_id>/open", cash.open_drawer, name="open"),
        path("<slug:slug>/drawers/<int:drawer_id>/here", cash.work_here, name="here"),
        path("<slug:slug>/sessions/<int:session_id>/count", cash.count, name="count"),
        path("<slug:slug>/sessions/<int:session_id>/move", cash.move, name="move"),
        path("<slug:slug>/papers/<int:move_id>", cash.paper, name="paper"),
        path("<slug:slug>/z/<int:z_number>/", cash_reports.z_report, name="z"),
        path("<slug:slug>/z/<int:z_number>/note", cash_reports.note, name="note"),
        path("<slug:slug>/z/<int:z_number>/correct", cash_reports.correct, name="correct"),
    ],
    "cash",
)

# Included at an address of its own, under the name "people".
people_urls = (
    [
        path("switch", switch.switch, name="switch"),
        path("lock", switch.lock, name="lock"),
        path("alive", switch.alive, name="alive"),
        path("<slug:slug>/", people.people, name="people"),
        path("<slug:slug>/new", staff.new, name="new"),
        path("<slug:slug>/take-on", staff.take_on, name="take_on"),
        path("<slug:slug>/limits", staff.limits, name="limits"),
        path("<slug:slug>/staff/<int:user_id>/", staff.person, name="person"),
        path("<slug:slug>/staff/<int:user_id>/roles", staff.roles, name="roles"),
        path("<slug:slug>/staff/<int:user_id>/details", staff.details, name="details"),
        path("<slug:slug>/staff/<int:user_id>/password", staff.password, name="password"),
        path("<slug:slug>/staff/<int:user_id>/left", staff.left, name="left"),
        path("<slug:slug>/pin", people.own_pin, name="pin"),
        path("<slug:slug>/device", people.new_device, name="device"),
        path("<slug:slug>/devices/<int:device_id>/revoke", people.revoke, name="revoke"),
        path("<slug:slug>/pins/<int:user_id>/clear", people.clear, name="clear"),
    ],
    "people",
)

# Included at an address of its own, under the name "stock".
stock_urls = (
    [
        path("<slug:slug>/", stock.stock, name="stock"),
        path("<slug:slug>/uncounted", stock.uncounted, name="uncounted"),
        path("<slug:slug>/items/<int:product_id>/", stock.item, name="item"),
        path("<slug:slug>/items/<int:product_id>/recipe", recipes.recipe, name="recipe"),
        path("<slug:slug>/items/<int:item_id>/batches", batches.item_batches, name="item_batches"),
        path("<slug:slug>/recipes", recipes.recipes, name="recipes"),
        path("<slug:slug>/recipes/find", recipes.find, name="find_recipe"),
        path("<slug:slug>/families", recipes.families, name="families"),
        path("<slug:slug>/batches", batches.batches, name="batches"),
        path("<slug:slug>/batches/<int:level_id>/name", batches.name, name="name_batch"),
        path("<slug:slug>/batches/<int:batch_id>/release", batches.release, name="release_batch"),
        path("<slug:slug>/batches/<int:level_id>/off", batches.write_off, name="write_off_batch"),
        path("<slug:slug>/items/<int:product_id>/opening", moving.opening, name="opening"),
        path("<slug:slug>/losses", stock.losses, name="losses"),
        path("<slug:slug>/places", moving.places, name="places"),
        path("<slug:slug>/move", moving.move, name="move"),
        path("<slug:slug>/counts", counts.counts, name="counts"),
        path("<slug:slug>/counts/<int:count_id>/", counts.count, name="count"),
        path(
            "<slug:slug>/counts/<int:count_id>/lines/<int:line_id>",
            counts.count_line,
            name="count_line",
        ),
        path("<slug:slug>/counts/<int:count_id>/more", counts.more, name="count_more"),
        path("<slug:slug>/counts/<int:count_id>/close", counts.close, name="count_close"),
        path("<slug:slug>/counts/<int:count_id>/sheet", counts.sheet, name="count_sheet"),
        path("<slug:slug>/receive", purchases.receive, name="receive"),
        path("<slug:slug>/purchases/<int:purchase_id>/", purchases.purchase, name="purchase"),
        path("<slug:slug>/suppliers", purchases.suppliers, name="suppliers"),
        path("<slug:slug>/suppliers/<int:supplier_id>/", purchases.supplier, name="supplier"),
    ],
    "stock",
)
