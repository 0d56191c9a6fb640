"""A real server on a real socket; of the model alone there is a double, which finds « … » and can be held.

Its texts have a token a word; the server weighs them at four characters a token, as "mot mot" has.
"""

import asyncio
import gc
import hashlib
import io
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_models.document import Document, Entity, EntityKind, Quotation, QuotationType, Span
from guillemet_models.extractor import EncodedWindow, Extractor, Interrupted, ModelDescription, PreparedText
from guillemet_server.background import BackgroundServer, background_server
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.logs import json_logger
from guillemet_server.observability.observer import RPC

TEXT = "« Nous partons », a dit Zoé Li."
LONGEST_WAIT_SECONDS = 30.0  # a test that waits this long has failed


WINDOW_WORDS = 1_000


class Words(list[str]):
    """What the double's tokens are."""

    text: str


class RegexReader(Extractor):
    """Finds « … », attributes it to the capitalised words behind "a dit", and reads only while nobody holds it."""

    description = ModelDescription(
        name="regex",
        version="1.2.3",
        sha256=hashlib.sha256(b"").hexdigest(),
        runtime="onnx",
        precision="float32",
        threads=1,
        batch_tokens=1_000_000,
        window_tokens=WINDOW_WORDS,
    )

    def __init__(self) -> None:
        self.batches: list[tuple[str, ...]] = []
        """The texts and windows that were read together."""
        self.finished = 0
        self.interrupted = 0
        self.began = threading.Semaphore(0)  # one for each batch that begins while the reader is held
        self._free = threading.Event()
        self._free.set()

    def hold(self) -> None:
        """Read nothing until released."""
        self._free.clear()

    def release(self) -> None:
        """Read on."""
        self._free.set()

    def wait_until_begun(self) -> None:
        """Return when a held batch has begun."""
        assert self.began.acquire(timeout=LONGEST_WAIT_SECONDS)

    async def begun(self) -> None:
        """As `wait_until_begun`, without keeping the loop waiting."""
        await asyncio.to_thread(self.wait_until_begun)

    def wait_until_interrupted(self) -> None:
        """Return when an inference ended because nobody waited for it."""
        eventually(lambda: self.interrupted > 0)

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[Document]:
        """Read, once nobody holds it."""
        self._begin(tuple(texts))
        while not (free := self._free.wait(0.005)) or interrupted is not None:
            if interrupted is not None and interrupted():
                self.interrupted += 1
                raise Interrupted
            if free:
                break
        if any("poison" in text for text in texts):
            raise ValueError(f"secret of the text: {texts}")
        return [self._read(text) for text in texts]

    def prepare(self, text: str) -> PreparedText:
        """Cut it into windows of words."""
        tokens = Words(text.split())
        tokens.text = text
        begins = range(0, len(tokens), WINDOW_WORDS)
        return PreparedText(tokens, tuple(slice(begin, min(begin + WINDOW_WORDS, len(tokens))) for begin in begins))

    def encode(self, batch: Sequence[tuple[PreparedText, slice]]) -> list[EncodedWindow]:
        """Read windows, once nobody holds it."""
        windows = [" ".join(text.tokenized[window]) for text, window in batch]
        self._begin(tuple(windows))
        assert self._free.wait(LONGEST_WAIT_SECONDS)
        if any("poison" in window for window in windows):
            raise ValueError(f"secret of the text: {windows}")
        return [EncodedWindow(window, None, None) for _, window in batch]

    def finish(self, text: PreparedText, encoded: Sequence[EncodedWindow]) -> Document:
        """Read what was encoded."""
        self.finished += 1
        assert sorted(part.window.start for part in encoded) == [window.start for window in text.windows]
        return replace(self._read(text.tokenized.text), windows=len(text.windows))

    def _begin(self, batch: tuple[str, ...]) -> None:
        self.batches.append(batch)
        if not self._free.is_set():
            self.began.release()

    def _read(self, text: str) -> Document:
        quotations, entities = [], []
        for number, match in enumerate(re.finditer(r"«[^»]*»(?:, (a dit) ((?:[A-Z]\w+ ?)+))?", text), 1):
            content = Span(match.start(), match.start() + match[0].index("»") + 1)
            cue = source = speaker = None
            if match[1]:
                cue, source, speaker = Span(*match.span(1)), Span(*match.span(2)), f"e{len(entities) + 1}"
                entities.append(_person(speaker, source))
            quotations.append(
                Quotation(
                    id=f"q{number}",
                    type=QuotationType.DIRECT,
                    spans=(content,),
                    cue=cue,
                    source=source,
                    speaker=speaker,
                    probability=0.8,
                    source_probability=0.7,
                    speaker_probability=0.6,
                )
            )
        tokens = len(text.split())
        return Document(text=text, quotations=tuple(quotations), entities=tuple(entities), tokens=tokens, windows=1)


def _person(id: str, name: Span) -> Entity:
    return Entity(
        id=id,
        kind=EntityKind.PERSON,
        name=name,
        role=None,
        institution=None,
        mentions=(name,),
        probability=0.9,
        institution_probability=0.5,
    )


def eventually(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail if it never does."""
    never = threading.Event()
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        never.wait(0.002)


@dataclass(frozen=True)
class Served:
    """A running server, its model's double, and a channel to it."""

    running: BackgroundServer
    reader: RegexReader
    channel: grpc.Channel
    log: io.StringIO
    calls: list[grpc.Future] = field(default_factory=list)  # a call that nobody holds is cancelled

    @property
    def quotations(self) -> pb_grpc.QuotationServiceStub:
        """A stub."""
        return pb_grpc.QuotationServiceStub(self.channel)

    @property
    def models(self) -> pb_grpc.ModelServiceStub:
        """A stub."""
        return pb_grpc.ModelServiceStub(self.channel)

    def extract(self, text: str = TEXT, *, timeout: float = LONGEST_WAIT_SECONDS, **options: object) -> pb.DocumentResult:
        """Read one text."""
        request = pb.ExtractQuotationsRequest(document=pb.Document(id="d", text=text), options=pb.ExtractOptions(**options))
        return self.quotations.ExtractQuotations(request, timeout=timeout).result

    def extract_later(self, text: str = TEXT, *, timeout: float = LONGEST_WAIT_SECONDS) -> grpc.Future:
        """Send one text; the answer comes later."""
        request = pb.ExtractQuotationsRequest(document=pb.Document(text=text))
        self.calls.append(self.quotations.ExtractQuotations.future(request, timeout=timeout))
        return self.calls[-1]

    @property
    def queued_tokens(self) -> int:
        """What waits in the server."""
        return self.running.server.scheduler.queued_tokens

    def wait_until_queued(self, tokens: int) -> None:
        """Return when that many tokens wait."""
        eventually(lambda: self.queued_tokens == tokens)

    @property
    def rpcs_in_memory(self) -> int:
        """Those of all servers of this process that were not freed."""
        return sum(type(it) is RPC for it in gc.get_objects())

    def wait_until_in_memory(self, *, at_most: int) -> None:
        """Return when no more RPCs are in memory."""
        eventually(lambda: self.rpcs_in_memory <= at_most)

    async def begun(self) -> None:
        """As `wait_until_begun`, without keeping the loop waiting."""
        await asyncio.to_thread(self.wait_until_begun)

    def wait_until_interrupted(self) -> None:
        """Return when an inference ended because nobody waited for it."""
        self.reader.wait_until_interrupted()

    def lives_on(self) -> bool:
        """Tell whether an ordinary text is still read."""
        return len(self.extract().quotations) == 1


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts a server with the limits given."""
    with ExitStack() as stack:
        count = 0

        def start(*, listen: str = "", drain_seconds: float = 5.0, cache_bytes: int = 0, **limits: int) -> Served:
            nonlocal count
            count += 1
            reader, log = RegexReader(), io.StringIO()
            config = ServerConfig(
                listen=listen or f"unix:{tmp_path}/{count}.sock",
                limits=Limits(**limits),
                drain_seconds=drain_seconds,
                cache_bytes=cache_bytes,
            )
            running = stack.enter_context(background_server(config, log=json_logger("debug", log), load=lambda: reader))
            stack.callback(reader.release)
            channel = stack.enter_context(grpc.insecure_channel(running.address))
            return Served(running, reader, channel, log)

        yield start


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve()


class Details:
    """A rich status, unpacked."""

    def __init__(self, status: status_pb2.Status) -> None:
        self.code = status.code
        self.message = status.message
        self.urls = [detail.type_url for detail in status.details]
        assert len(set(self.urls)) == len(self.urls), "each type of detail at most once"
        self._status = status

    def of(self, kind: type) -> object:
        """Return the detail of that type."""
        found = kind()
        assert any(detail.Unpack(found) for detail in self._status.details), f"no {kind.__name__} in {self.urls}"
        return found

    @property
    def reason(self) -> str:
        """Of ErrorInfo."""
        info = self.of(error_details_pb2.ErrorInfo)
        assert info.domain == "guillemet"
        return info.reason

    @property
    def metadata(self) -> dict[str, str]:
        """Of ErrorInfo."""
        return dict(self.of(error_details_pb2.ErrorInfo).metadata)

    @property
    def fields(self) -> list[str]:
        """Of BadRequest."""
        return [violation.field for violation in self.of(error_details_pb2.BadRequest).field_violations]

    @property
    def retry_seconds(self) -> float:
        """Of RetryInfo."""
        return self.of(error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() / 1000


class Refused:
    """What a refused RPC ended with."""

    def __init__(self, error: grpc.RpcError) -> None:
        status = rpc_status.from_call(error)
        assert status is not None, error
        self.code: grpc.StatusCode = error.code()
        self.trailers = dict(error.trailing_metadata())
        self.details = Details(status)


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], Refused]:
    """Return a function that makes a call, and returns how it was refused."""

    def refused(call: Callable[[], object]) -> Refused:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        return Refused(caught.value)

    return refused


@pytest.fixture
def unpacked() -> type[Details]:
    """Return the class that unpacks the status of one document."""
    return Details


@pytest.fixture
def reader() -> Iterator[RegexReader]:
    """The double of the model; let go at the end."""
    reader = RegexReader()
    yield reader
    reader.release()
