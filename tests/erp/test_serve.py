"""What the server refuses before it listens. A server that listens: journeys."""

import socket
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from money import triggers


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def refusal_of(command: str, **options: object) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command(command, **options)
    return str(refusal.value)


def test_serve_refuses_a_bad_address() -> None:
    assert refusal_of("serve", listen="nowhere") == (
        "'nowhere' is no address: write HOST:PORT, such as 127.0.0.1:8000."
    )


def test_serve_refuses_a_taken_port(taken: int) -> None:
    assert refusal_of("serve", listen=f"127.0.0.1:{taken}") == (
        f"Port {taken} is taken. Stop what runs there, or set PORT."
    )


@pytest.mark.django_db
def test_serve_refuses_a_database_that_does_not_guard_the_books(free: int) -> None:
    triggers.drop()
    missing = triggers.differences()[0]

    assert refusal_of("serve", listen=f"127.0.0.1:{free}") == (
        f"The database does not guard the books (trigger {missing}). Run: python manage.py migrate"
    )
