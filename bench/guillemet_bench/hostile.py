"""What nobody should send: texts that nobody would write, messages that are none, bytes that are no gRPC."""

import asyncio
from collections.abc import Callable

from guillemet.v1 import quotation_pb2 as pb
from guillemet_bench.calls import Request

_CHARACTERS = 1_000
_HANGING_SECONDS = 10.0
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))

_TEXTS: tuple[Callable[[int], str], ...] = (
    lambda n: "«" * n,
    lambda n: '"' * n,
    lambda n: "«" * (n // 2) + "»" * (n // 2),
    lambda n: ("« un “deux » trois ” " * n)[:n],
    lambda n: "e" + "\u0301\u0323" * (n // 2),
    lambda n: "É" * n,
    lambda n: ("\u202eשלום " * n)[:n],
    lambda n: "\u200b" * n,
    lambda n: ("👩🏽\u200d" * n)[:n],
    lambda n: "\x00" * n,
    lambda n: "« " + " " * (n - 4) + " »",
    lambda n: ("– Non.\r\n" * n)[:n],
    lambda n: ("Syndicat des glaciers (SDG) " * n)[:n],
    lambda n: ("« Non », dit Ève Ra. " * n)[:n],
)

# Each is to be refused with INVALID_ARGUMENT.
_MALFORMED = (
    b"",
    b"\xff\xff\xff\xff",
    b"\x0a\xff\xff\xff\xff\x0f",  # a length beyond all memory
    b"\x0a\x04\x12\x02\xc3\x28",  # half a character of UTF-8
    b"\x0a\x05\x12\x03\xed\xa0\x80",  # half a surrogate pair
    pb.ExtractQuotationsRequest(document=pb.Document(text="« Nous partons », a dit Ève Ra.")).SerializeToString()[:-9],
    pb.ExtractQuotationsRequest(document=pb.Document(text=" \t\n\u00a0")).SerializeToString(),
    pb.ExtractQuotationsRequest(document=pb.Document(text="« Non »", id="x" * 300)).SerializeToString(),
    pb.ExtractQuotationsRequest(document=pb.Document(text="« Non »", language_code="de")).SerializeToString(),
    pb.ExtractQuotationsRequest(
        document=pb.Document(text="« Non »"), options=pb.ExtractOptions(min_probability=float("nan"))
    ).SerializeToString(),
)

NOISE = (
    bytes(4_096),
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    bytes((22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3)) + bytes(64),  # the beginning of TLS
    _PREFACE[:12],
    _PREFACE + _SETTINGS + bytes((255, 255, 255, 0, 0, 0, 0, 0, 1)),  # a frame of 16 MiB
    _PREFACE + _SETTINGS + bytes((0, 0, 4, 254, 255, 255, 255, 255, 255, 1, 2, 3, 4)),  # a frame of no kind
    _PREFACE + _SETTINGS + bytes((0, 0, 3, 1, 4, 0, 0, 0, 1, 255, 255, 255)),  # headers that cannot be unpacked
)
"""Each for a connection of its own."""


def hostile_texts() -> list[Request]:
    """Return texts that are to be answered like any other."""
    return [Request.of(text(_CHARACTERS)) for text in _TEXTS]


def malformed_messages() -> list[Request]:
    """Return requests without a text that could be read; each is to be refused with INVALID_ARGUMENT."""
    return [Request("", 0, message) for message in _MALFORMED]


async def make_noise(address: str, noise: bytes) -> bool:
    """Send bytes over a connection of their own; tell whether the server ends it.

    Args:
        address: HOST:PORT of the server.
        noise: No gRPC.
    """
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(_HANGING_SECONDS):
            writer.write(noise)
            writer.write_eof()
            while await reader.read(65_536):
                pass
    except TimeoutError:
        return False
    except ConnectionError:  # ended, and not gently
        return True
    finally:
        writer.close()
    return True
