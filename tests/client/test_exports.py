import inspect
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest

import guillemet_client


def test_what_is_visible_is_what_is_promised() -> None:
    visible = {
        name for name, value in vars(guillemet_client).items() if not (name.startswith("_") or isinstance(value, ModuleType))
    }

    assert visible == set(guillemet_client.__all__)
    assert len(set(guillemet_client.__all__)) == len(guillemet_client.__all__)


def test_public_names_say_where_they_are_imported_from() -> None:
    assert {getattr(guillemet_client, name).__module__ for name in guillemet_client.__all__} == {"guillemet_client"}


def types_in(hint: Any) -> Iterator[Any]:
    """Yield the types that a type is made of."""
    yield hint
    for part in get_args(hint):
        yield from types_in(part)


@pytest.mark.parametrize("name", guillemet_client.__all__)
def test_no_type_of_the_wire_is_in_a_public_signature(name: str) -> None:
    public = getattr(guillemet_client, name)
    methods = [method for called, method in inspect.getmembers(public, inspect.isfunction) if not called.startswith("_")]
    signatures = [get_type_hints(each) for each in (public, public.__init__, *methods)]
    types = [part for signature in signatures for hint in signature.values() for part in types_in(hint)]

    assert [part for part in types if getattr(part, "__module__", "").startswith(("google", "grpc", "guillemet."))] == []


def test_the_signatures_of_the_two_clients_are_the_same() -> None:
    for name in ("__init__", "extract", "extract_batch", "extract_iter", "get_model", "close"):
        sync, other = (
            inspect.signature(getattr(each, name)) for each in (guillemet_client.Client, guillemet_client.AsyncClient)
        )
        assert [*sync.parameters] == [*other.parameters]
        assert [each.default for each in sync.parameters.values()] == [each.default for each in other.parameters.values()]


def test_the_client_is_thin() -> None:
    program = "import sys, guillemet_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    heavy = {
        "numpy",
        "onnxruntime",
        "torch",
        "transformers",
        "tokenizers",
        "typer",
        "rich",
        "guillemet_server",
        "guillemet_models",
    }
    assert heavy.isdisjoint(loaded)
