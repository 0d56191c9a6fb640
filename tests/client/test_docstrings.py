"""The examples in docstrings run, against a real server."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import guillemet_client

SHOWN = "localhost:50051"
PUBLIC = dict(vars(guillemet_client))  # what it offers says that it is written there
FINDER = doctest.DocTestFinder(exclude_empty=True)


def examples() -> Iterator[doctest.DocTest]:
    for found in pkgutil.walk_packages(guillemet_client.__path__, "guillemet_client."):
        module = importlib.import_module(found.name)
        yield from (test for test in FINDER.find(module, module.__name__) if test.examples)
    yield from (test for test in FINDER.find(guillemet_client, "guillemet_client", module=False, globs=PUBLIC) if test.examples)


@pytest.mark.parametrize("test", [*examples()], ids=lambda test: test.name)
def test_an_example_prints_what_it_shows(test: doctest.DocTest, address: str) -> None:
    for example in test.examples:
        example.source = example.source.replace(SHOWN, address)

    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
