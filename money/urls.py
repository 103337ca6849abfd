from django.urls import path

from money.views import entries, front, journals, ledger, periods, statements, transfers, writing

app_name = "money"
urlpatterns = [
    path("", front.front, name="front"),
    path("account/", ledger.account, name="account"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("vat/", statements.vat_due, name="vat_due"),
    path("vat/<int:person_id>/<str:month>/", statements.vat, name="vat"),
    path("entry/<int:entry_id>/", entries.entry, name="entry"),
    path("entry/<int:entry_id>/reverse", entries.reverse_entry, name="reverse"),
    path("journals/", journals.journals, name="journals"),
    path("journals/new/", writing.new_journal, name="new_journal"),
    path("journals/<int:journal_id>/", journals.journal, name="journal"),
    path("journals/<int:journal_id>/approve", journals.approve_journal, name="approve"),
    path("journals/<int:journal_id>/reject", journals.reject_journal, name="reject"),
    path("journals/<int:journal_id>/paper", journals.paper, name="paper"),
    path("periods/<slug:slug>/", periods.periods, name="periods"),
    path("periods/<slug:slug>/<slug:deed>", periods.change_period, name="change_period"),
    path("day/<slug:slug>/<str:day>.txt", periods.day_text, name="day_text"),
    path("day/<slug:slug>/<str:day>/", periods.day, name="day"),
    path("between/", transfers.between, name="between"),
    path("<slug:name>/", statements.statement, name="statement"),
]
