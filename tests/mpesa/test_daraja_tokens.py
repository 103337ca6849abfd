import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from mpesa.credentials import SIMULATED, Credentials
from mpesa.daraja import Daraja, Held, MemoryStore, Refused, SharedTokens, place_of
from mpesa.daraja.sealing import seal, unseal
from tests.make import NOW
from tests.mpesa.gateway import Gateway, answer

HOUR = timedelta(hours=1)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def a_process(gateway: Gateway, store: MemoryStore, **changes: str) -> Daraja:
    """Return a client as another process would have it: nothing but the store is shared."""
    return Daraja(
        url=gateway.url,
        credentials=replace(Credentials(*SIMULATED.values()), **changes),
        timeout_seconds=5,
        tokens=SharedTokens(store),
        pause=lambda tries: None,
    )


def token_of(client: Daraja, *, now=NOW, instead_of: str = "") -> str:
    return client._tokens.get(client, now, instead_of=instead_of)


def test_a_token_is_shared_by_processes(gateway, store):
    found = [token_of(a_process(gateway, store)) for _ in range(3)]

    assert (found, gateway.tokens_given) == (["token-1"] * 3, 1)


def test_a_token_is_fetched_by_one_process_while_the_others_wait(gateway, store):
    together, found = threading.Barrier(8), []
    gateway.token_answers.append(
        answer(200, {"access_token": "slow", "expires_in": "3599"}, hang_seconds=0.2)
    )

    def ask() -> None:
        client = a_process(gateway, store)
        together.wait(5)
        found.append(token_of(client))

    run_together(ask, 8)

    assert (found, gateway.tokens_given) == (["slow"] * 8, 1)


def test_a_token_that_all_processes_find_refused_is_replaced_once(gateway, store):
    token_of(a_process(gateway, store))
    together, found = threading.Barrier(6), []

    def ask() -> None:
        client = a_process(gateway, store)
        together.wait(5)
        found.append(token_of(client, instead_of="token-1"))

    run_together(ask, 6)

    assert (found, gateway.tokens_given) == (["token-2"] * 6, 2)


def run_together(act, count):
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_a_token_is_fetched_anew_five_minutes_before_its_end(gateway, store):
    client = a_process(gateway, store)

    found = [token_of(client, now=NOW + timedelta(seconds=s)) for s in (0, 3298, 3299, 3300)]

    assert found == ["token-1", "token-1", "token-2", "token-2"]


def test_a_token_refused_before_another_replaced_it_costs_no_third(gateway, store):
    token_of(a_process(gateway, store))
    token_of(a_process(gateway, store), instead_of="token-1")

    found = token_of(a_process(gateway, store), instead_of="token-1")

    assert (found, gateway.tokens_given) == ("token-2", 2)


def test_other_keys_and_other_gateways_have_tokens_of_their_own(gateway, store):
    first, second = a_process(gateway, store), a_process(gateway, store, consumer_key="another")

    found = [token_of(first), token_of(second), token_of(first)]

    assert found == ["token-1", "token-2", "token-1"]
    assert len(store.places) == 2


def test_a_token_is_unreadable_at_rest(gateway, store):
    client = a_process(gateway, store)
    gateway.token_answers.append(
        answer(200, {"access_token": "Xk2mTq7dPz4LwA9", "expires_in": "3599"})
    )

    token_of(client)

    lying = repr(store.places)
    hidden = ("Xk2mTq7dPz4LwA9", "simulator-key", "127.0.0.1")
    assert [one for one in hidden if one in lying] == []
    assert [len(place) for place in store.places] == [64]


def test_a_token_sealed_under_an_old_key_is_still_read(gateway, store, settings):
    token_of(a_process(gateway, store))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-key-that-opens-nothing-of-before-at-all"

    found = token_of(a_process(gateway, store))

    assert (found, gateway.tokens_given) == ("token-1", 1)


@pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAA==", "…", "\ud800"])
def test_a_token_that_cannot_be_opened_counts_as_none(gateway, store, sealed):
    client = a_process(gateway, store)
    store.places[place_of(client)] = Held(sealed, NOW + HOUR)

    found = [token_of(client), token_of(client)]

    assert (found, gateway.tokens_given) == (["token-1"] * 2, 1)


def test_a_token_sealed_under_a_lost_key_counts_as_none(gateway, store, settings):
    token_of(a_process(gateway, store))
    settings.SECRET_KEY = "a-new-key-that-opens-nothing-of-before-at-all"

    assert token_of(a_process(gateway, store)) == "token-2"


def test_a_token_moved_to_another_place_counts_as_none(gateway, store):
    first, second = a_process(gateway, store), a_process(gateway, store, consumer_key="another")
    token_of(first)
    store.places[place_of(second)] = store.places[place_of(first)]

    assert token_of(second) == "token-2"


def test_a_refused_fetch_keeps_nothing_and_shuts_nobody_out(gateway, store):
    client = a_process(gateway, store)
    gateway.token_answers.append(answer(400))

    with pytest.raises(Refused) as refusal:
        token_of(client)

    assert (refusal.value.code, store.places) == ("credentials", {})
    assert token_of(client) == "token-2"


def test_what_is_sealed_is_opened_for_its_purpose_only():
    sealed = seal("Xk2mTq7d", purpose="one")

    assert (unseal(sealed, purpose="one"), unseal(sealed, purpose="two")) == ("Xk2mTq7d", "")
