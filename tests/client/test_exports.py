import subprocess
import sys
from types import ModuleType

import guillemet_client


def test_what_is_visible_is_what_is_promised() -> None:
    visible = {
        name for name, value in vars(guillemet_client).items() if not (name.startswith("_") or isinstance(value, ModuleType))
    }

    assert visible == set(guillemet_client.__all__)
    assert guillemet_client.__all__ == sorted(guillemet_client.__all__)


def test_public_names_say_where_they_are_imported_from() -> None:
    assert {getattr(guillemet_client, name).__module__ for name in guillemet_client.__all__} == {"guillemet_client"}


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
