"""Guillemet as a gRPC service: admission, batches, deadlines, health; the models find the quotations."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("guillemet")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
