"""What a caller got wrong is said at once, and nothing is lost in silence."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from guillemet_client import AsyncClient, Client, InvalidRequest


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


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("address", "options", "sentence"),
    [
        (None, {}, "address: a str, not NoneType"),
        ("localhost:1", {"token": "sesame"}, "token: a Token, not str"),
        ("localhost:1", {"tls": "ca.pem"}, "tls: a TLS, not str"),
    ],
)
def test_an_argument_of_another_type_is_refused_at_once(
    kind: Any, address: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(TypeError, match=f"^{sentence}$"):
        kind(address, **options)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "option", [{"min_probability": 3}, {"min_probability": math.nan}, {"max_message_bytes": -3}, {"max_message_bytes": 0}]
)
def test_a_setting_without_a_meaning_is_refused_at_once(kind: Any, option: dict[str, Any]) -> None:
    [(name, value)] = option.items()
    with pytest.raises(ValueError, match=f"^{name} must be .*, not {value}$"):
        kind("localhost:1", **option)


@pytest.mark.parametrize("address", ["[::1]:50051", "127.0.0.1:1", "a-host.example:443", "unix:a.sock", "dns:///a:1"])
def test_addresses_are_accepted(address: str) -> None:
    Client(address).close()


def test_a_closed_client_says_so(address: str) -> None:
    client = Client(address)
    client.close()

    for ask in (client.get_model, lambda: client.extract("« Oui »"), lambda: client.extract_iter(["« Oui »"])):
        with pytest.raises(ValueError, match="closed"):
            ask()
