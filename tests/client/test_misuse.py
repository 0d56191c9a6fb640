"""What a caller got wrong is said at once, and nothing is lost in silence."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from guillemet_client import Client, InvalidRequest


@pytest.mark.parametrize("method", ["extract_batch", "extract_iter"])
@pytest.mark.parametrize(("given", "what"), [(None, "is missing"), (7, "is no str but int"), (b"x", "is no str but bytes")])
def test_what_is_no_text_among_others_is_an_error_of_its_place(
    ask: Callable[..., Any], method: str, given: object, what: str
) -> None:
    with pytest.raises(InvalidRequest, match=f"the text at position 1 {what}") as caught:
        ask(method, ["« Oui »", given, "« Non »"])
    assert (caught.value.reason, caught.value.index) == ("TEXT_MISSING", 1)

    first, second, third = ask(method, ["« Oui »", given, "« Non »"], errors="return")

    assert (first.text, third.text) == ("« Oui »", "« Non »")
    assert isinstance(second, InvalidRequest)
    assert (second.reason, second.index) == ("TEXT_MISSING", 1)


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
