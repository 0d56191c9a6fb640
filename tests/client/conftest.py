"""A real server on loopback with canned answers, which fails as it is told to."""

import asyncio
import io
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

import guillemet_client
from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_client import cli, connecting

QUOTED = re.compile("«.*?»", re.DOTALL)
SPEAKER = "Jeanne Morvan"


def make_status(
    code: grpc.StatusCode,
    reason: str,
    message: str = "no",
    *,
    field: str | None = None,
    retry_seconds: float | None = None,
    request_id: str | None = None,
    metadata: dict[str, str] | None = None,
) -> status_pb2.Status:
    """Return a status as the contract promises it."""
    status = status_pb2.Status(code=code.value[0], message=message)
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain="guillemet", reason=reason, metadata=metadata or {}))
    if field is not None:
        violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=message)
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    if retry_seconds is not None:
        delay = Duration()
        delay.FromMilliseconds(round(retry_seconds * 1000))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    if request_id is not None:
        status.details.add().Pack(error_details_pb2.RequestInfo(request_id=request_id))
    return status


def answer(document: pb.Document) -> pb.DocumentResult:
    """Return every « … » as a quotation; whoever stands in the text as SPEAKER says them all."""
    text = document.text
    result = pb.DocumentResult(document_id=document.id, offset_encoding=pb.OFFSET_ENCODING_UTF32, model="canned")
    result.stats.tokens = len(text.split())
    begin = text.find(SPEAKER)
    if begin >= 0:
        name = pb.TextSpan(begin_offset=begin, end_offset=begin + len(SPEAKER))
        result.entities.add(id="e1", kind=pb.ENTITY_KIND_PERSON, name=name, mentions=[name], probability=0.9)
    for number, match in enumerate(QUOTED.finditer(text), start=1):
        quotation = result.quotations.add(
            id=f"q{number}",
            type=pb.QUOTATION_TYPE_DIRECT,
            spans=[pb.TextSpan(begin_offset=match.start(), end_offset=match.end())],
            probability=0.87654321,
        )
        if begin >= 0:
            quotation.speaker_id = "e1"
            quotation.source.CopyFrom(name)
    return result


class Service(pb_grpc.QuotationServiceServicer, pb_grpc.ModelServiceServicer):
    """Answers, and fails by the scripts that a test writes. A text "refuse REASON" is refused for itself."""

    def __init__(self) -> None:
        self.model = pb.Model(
            name="canned",
            version="1.2.3",
            max_document_characters=1000,
            max_batch_documents=3,
            max_queue_tokens=10_000,
            max_request_bytes=2**20,
            max_stream_documents=64,
            language_codes=["fr"],
        )
        self.failures: deque[status_pb2.Status] = deque()
        """What the next RPCs end with."""
        self.stream_failures: deque[status_pb2.Status | None] = deque()
        """As `failures`, of streams alone; None: one of them does not fail."""
        self.pushback_ms: int | None = None
        """What gRPC itself is told with them of when to come back."""
        self.break_streams_after: deque[int] = deque()
        """The next streams end UNAVAILABLE after so many answers."""
        self.refuse_in_stream: deque[status_pb2.Status] = deque()
        """What the next documents of streams are refused with."""
        self.hold: int | None = None
        """Streams keep their answers until they have as many, and give the last first."""
        self.requests: list[Any] = []
        self.headers: list[dict[str, str | bytes]] = []
        """Of each RPC, what it was sent with."""
        self.streams: list[list[str]] = []
        """The texts that each stream received."""
        self.asked = threading.Event()
        self.stream_ended = threading.Event()
        self.silent = False
        """Never answers."""

    async def _maybe_fail(self, context: Any) -> None:
        self.headers.append(dict(context.invocation_metadata()))
        self.asked.set()
        if self.silent:
            await asyncio.Event().wait()
        if self.failures:
            await self._fail(self.failures.popleft(), context)

    async def _fail(self, failure: status_pb2.Status, context: Any) -> None:
        status = rpc_status.to_status(failure)
        trailers = tuple(status.trailing_metadata)
        if self.pushback_ms is not None:
            trailers = (*trailers, ("grpc-retry-pushback-ms", str(self.pushback_ms)))
        await context.abort(status.code, status.details, trailers)

    def _refusal(self, document: pb.Document, path: str) -> status_pb2.Status | None:
        if document.text.strip() and not document.text.startswith("refuse "):
            return None
        return make_status(
            grpc.StatusCode.INVALID_ARGUMENT,
            document.text.removeprefix("refuse ") or "TEXT_EMPTY",
            f"{path}.text: refused",
            field=f"{path}.text",
            metadata={"field": f"{path}.text"},
        )

    async def ExtractQuotations(self, request: pb.ExtractQuotationsRequest, context: Any) -> pb.ExtractQuotationsResponse:  # noqa: N802
        """One."""
        self.requests.append(request)
        await self._maybe_fail(context)
        if refusal := self._refusal(request.document, "document"):
            await context.abort_with_status(rpc_status.to_status(refusal))
        return pb.ExtractQuotationsResponse(result=answer(request.document))

    async def BatchExtractQuotations(  # noqa: N802
        self, request: pb.BatchExtractQuotationsRequest, context: Any
    ) -> pb.BatchExtractQuotationsResponse:
        """Several."""
        self.requests.append(request)
        await self._maybe_fail(context)
        response = pb.BatchExtractQuotationsResponse()
        for index, document in enumerate(request.documents):
            if refusal := self._refusal(document, f"documents[{index}]"):
                response.items.add(error=refusal)
            else:
                response.items.add(result=answer(document))
        return response

    async def StreamExtractQuotations(self, request_iterator: Any, context: Any) -> None:  # type: ignore[override]  # noqa: N802
        """Without end."""
        texts: list[str] = []
        self.streams.append(texts)
        await self._maybe_fail(context)
        if self.stream_failures and (failure := self.stream_failures.popleft()) is not None:
            await self._fail(failure, context)
        n_until_break = self.break_streams_after.popleft() if self.break_streams_after else None
        held: list[pb.Document] = []
        try:
            async for request in request_iterator:
                if request.HasField("options"):
                    self.requests.append(request)
                    continue
                texts.append(request.document.text)
                held.append(request.document)
                if self.hold is not None and len(held) < self.hold:
                    continue
                for document in reversed(held):
                    if n_until_break == 0:
                        await context.abort(grpc.StatusCode.UNAVAILABLE, "broken")
                    await context.write(self._stream_answer(document))
                    n_until_break = None if n_until_break is None else n_until_break - 1
                held.clear()
            for document in reversed(held):
                await context.write(self._stream_answer(document))
        finally:
            self.stream_ended.set()

    def _stream_answer(self, document: pb.Document) -> pb.StreamExtractQuotationsResponse:
        response = pb.StreamExtractQuotationsResponse(document_id=document.id)
        if self.refuse_in_stream:
            response.error.CopyFrom(self.refuse_in_stream.popleft())
        elif refusal := self._refusal(document, "document"):
            response.error.CopyFrom(refusal)
        else:
            response.result.CopyFrom(answer(document))
        return response

    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:  # noqa: N802
        """The canned one."""
        await self._maybe_fail(context)
        if request.name not in ("", "canned"):
            await context.abort_with_status(
                rpc_status.to_status(make_status(grpc.StatusCode.NOT_FOUND, "MODEL_UNKNOWN", "not served"))
            )
        return pb.GetModelResponse(model=self.model)


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[Service, str]]:
    service = Service()
    started: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        server = grpc.aio.server()
        pb_grpc.add_QuotationServiceServicer_to_server(service, server)
        pb_grpc.add_ModelServiceServicer_to_server(service, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        stopping = asyncio.Event()
        started.set_result((f"127.0.0.1:{port}", asyncio.get_running_loop(), stopping))
        await stopping.wait()
        await server.stop(None)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    address, loop, stopping = started.result()
    yield service, address
    loop.call_soon_threadsafe(stopping.set)
    thread.join()


@pytest.fixture
def service(_served: tuple[Service, str]) -> Iterator[Service]:
    """The service behind `address`, as it was made."""
    service, _ = _served
    service.__init__()  # type: ignore[misc]
    yield service
    service.__init__()  # type: ignore[misc]


@pytest.fixture
def address(service: Service, _served: tuple[Service, str]) -> str:  # noqa: ARG001
    """Where the canned server listens."""
    return _served[1]


@pytest.fixture
def new_status() -> Callable[..., status_pb2.Status]:
    """Make a status with rich details."""
    return make_status


def ask_sync(method: str, *arguments: Any, address: str, client: dict[str, Any] | None = None, **options: Any) -> Any:
    with guillemet_client.Client(address, **(client or {})) as asked:
        answer = getattr(asked, method)(*arguments, **options)
        return list(answer) if method == "extract_iter" else answer


def ask_async(method: str, *arguments: Any, address: str, client: dict[str, Any] | None = None, **options: Any) -> Any:
    async def ask() -> Any:
        async with guillemet_client.AsyncClient(address, **(client or {})) as asked:
            answer = getattr(asked, method)(*arguments, **options)
            return [outcome async for outcome in answer] if method == "extract_iter" else await answer

    return asyncio.run(ask())


@pytest.fixture(params=[ask_sync, ask_async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest, address: str) -> Callable[..., Any]:
    """Call a method of a fresh client."""
    return lambda *arguments, **options: request.param(*arguments, **{"address": address, **options})


class Outcome(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def extensions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What other packages add: the name of a command, or "embedded", and what its entry point loads or raises."""
    added: dict[str, Any] = {}

    class Fake(EntryPoint):
        def load(self) -> Any:
            if isinstance(added[self.name], Exception):
                raise added[self.name]
            return added[self.name]

    def entry_points(*, group: str) -> list[EntryPoint]:
        return [Fake(name, "", group) for name in added if (name == "embedded") == (group == "guillemet.embedded")]

    monkeypatch.setattr(cli, "entry_points", entry_points)
    monkeypatch.setattr(connecting, "entry_points", entry_points)
    return added


@pytest.fixture
def guillemet(
    extensions: dict[str, Any],  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Callable[..., Outcome]:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("GUILLEMET_TOKEN", raising=False)

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["guillemet", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 0, out, err)

    return run
