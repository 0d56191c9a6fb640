"""What a caller got wrong is said at once, and nothing is lost in silence."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from guillemet_client import AsyncClient, Client


def test_what_is_no_text_does_not_end_a_corpus_early(address: str) -> None:
    with Client(address) as client, pytest.raises(TypeError, match="NoneType"):
        list(client.extract_iter(["« Oui »", None, "« Non »"]))  # type: ignore[list-item]


def test_nor_does_it_asynchronously(address: str) -> None:
    async def read() -> None:
        async with AsyncClient(address) as client:
            async for _ in client.extract_iter(["« Oui »", None]):  # type: ignore[list-item]
                pass

    with pytest.raises(TypeError, match="NoneType"):
        asyncio.run(read())


@pytest.mark.parametrize("timeout", [math.inf, 1e10])
def test_a_timeout_beyond_counting_is_none(ask: Callable[..., Any], timeout: float) -> None:
    assert ask("extract", "« Oui »", timeout=timeout).text == "« Oui »"


@pytest.mark.parametrize("timeout", [-1.0, math.nan])
def test_a_timeout_that_is_no_duration_is_refused(address: str, timeout: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        Client(address, timeout=timeout)


@pytest.mark.parametrize("address", ["http://host:1", "::1:50051", " host:1", "host", "host:", "unix:", "host:70000"])
def test_what_is_no_address_is_refused_before_any_request(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        Client(address)


@pytest.mark.parametrize("address", ["[::1]:50051", "127.0.0.1:1", "a-host.example:443", "unix:a.sock", "dns:///a:1"])
def test_addresses_are_accepted(address: str) -> None:
    Client(address).close()


def test_a_closed_client_says_so(address: str) -> None:
    client = Client(address)
    client.close()

    for ask in (client.get_model, lambda: client.extract("« Oui »"), lambda: client.extract_iter(["« Oui »"])):
        with pytest.raises(ValueError, match="closed"):
            ask()
