"""Files opened as bytes, whatever they are compressed with: the first bytes tell, not the name."""

import bz2
import gzip
import importlib
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from guillemet_client._files import STDIN, UnreadableFile

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BZIP2 = (b"BZh", b"1AY&SY")  # with a digit between them; a text may begin with the first


@contextmanager
def opened(path: str) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """Yield the bytes of a file, decompressed, and what tells how many bytes of the file they took so far.

    Raises:
        UnreadableFile: It cannot be read; raised also for what goes wrong within the block.
    """
    try:
        with ExitStack() as stack:
            if path == STDIN:
                if sys.stdin is None:
                    raise UnreadableFile("closed; documents are accepted")
                raw: Any = sys.stdin.buffer
            else:
                raw = stack.enter_context(Path(path).open("rb"))
            plain = _decompressed(raw)
            yield (raw if plain is None else stack.enter_context(plain)), _position(raw)
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise UnreadableFile(f"damaged where it is compressed ({error})") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"not UTF-8 (byte 0x{error.object[error.start]:02X}); UTF-8 is accepted") from error
    except OSError as error:
        raise UnreadableFile(f"cannot be read ({error.strerror or error})") from error


def _decompressed(raw: io.BufferedReader) -> Any:
    """Return a stream of what is compressed; None: nothing is."""
    head = raw.peek(10)[:10]
    if head.startswith(_GZIP):
        return gzip.open(raw)
    if head.startswith(_XZ):
        return lzma.open(raw)
    if (head[:3], head[4:]) == _BZIP2:
        return bz2.open(raw)
    if head.startswith(_ZSTD):
        try:
            zstd: Any = importlib.import_module("compression.zstd")
        except ModuleNotFoundError:
            raise UnreadableFile("zstd needs Python 3.14; gzip, bzip2 and xz are read by any") from None
        return zstd.open(raw)
    return None


def _position(raw: io.BufferedReader) -> Callable[[], int]:
    return raw.tell if raw.seekable() else lambda: 0
