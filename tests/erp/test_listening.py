"""Addresses to listen on."""

import socket

import pytest

from erp.listening import BadAddress, is_free, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("0.0.0.0:1", ("0.0.0.0", 1)),
        ("duka.local:65535", ("duka.local", 65_535)),
    ],
)
def test_parse_address_reads_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "8000", ":8000", "127.0.0.1:", "127.0.0.1:0", "h:65536", "h:-1", "h:x", "h:٣"]
)
def test_parse_address_refuses_anything_else(text: str) -> None:
    with pytest.raises(BadAddress) as refusal:
        parse_address(text)

    assert str(refusal.value) == (
        f"{text!r} is no address: write HOST:PORT, such as 127.0.0.1:8000."
    )


def test_is_free_tells_whether_a_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        while_taken = is_free("127.0.0.1", port)

    assert (while_taken, is_free("127.0.0.1", port)) == (False, True)
