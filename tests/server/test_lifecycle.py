import asyncio
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_models.extractor import Extractor
from guillemet_server.background import background_server
from guillemet_server.config import ServerConfig
from guillemet_server.embedded import embedded_server
from guillemet_server.logs import json_logger
from guillemet_server.serving import SERVICE_NAMES, Server, StartError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Refused, RegexReader, Serve, Served

    Refusing = Callable[[Callable[[], object]], Refused]

WAIT = 30.0
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
TEXT = "« Nous partons », a dit Zoé Li."


def health(served: "Served", service: str) -> int:
    request = health_pb2.HealthCheckRequest(service=service)
    return health_pb2_grpc.HealthStub(served.channel).Check(request, timeout=WAIT).status


def wait_until_draining(served: "Served") -> None:
    watch = health_pb2_grpc.HealthStub(served.channel).Watch(
        health_pb2.HealthCheckRequest(service=SERVICE_NAMES[0]), timeout=WAIT
    )
    assert any(response.status == NOT_SERVING for response in watch)
    watch.cancel()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("guillemet")]


def test_a_ready_server_says_so_for_each_service(served: "Served") -> None:
    assert set(SERVICE_NAMES) == {"guillemet.v1.QuotationService", "guillemet.v1.ModelService"}
    assert [health(served, name) for name in ("", *SERVICE_NAMES)] == [SERVING] * 3


async def test_a_loading_server_lives_but_refuses_to_extract(tmp_path: Path, reader: "RegexReader") -> None:
    loaded = threading.Event()

    def load() -> Extractor:
        assert loaded.wait(WAIT)
        return reader

    server = Server(ServerConfig(listen=f"unix:{tmp_path}/s"), log=json_logger("error"), load=load)
    await server.start()
    loading = asyncio.create_task(server.load())
    async with grpc.aio.insecure_channel(server.address) as channel:
        checks = health_pb2_grpc.HealthStub(channel)

        async def states() -> list[int]:
            names = ("", *SERVICE_NAMES)
            return [(await checks.Check(health_pb2.HealthCheckRequest(service=name))).status for name in names]

        while_loading = await states()
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await pb_grpc.ModelServiceStub(channel).GetModel(pb.GetModelRequest())
        loaded.set()
        await loading
        when_loaded = await states()
        model = (await pb_grpc.ModelServiceStub(channel).GetModel(pb.GetModelRequest())).model
    await server.stop()

    status = rpc_status.from_call(refusal.value)
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (refusal.value.code(), info.reason) == (grpc.StatusCode.UNAVAILABLE, "MODEL_LOADING")
    assert while_loading == [SERVING, NOT_SERVING, NOT_SERVING]
    assert when_loaded == [SERVING, SERVING, SERVING]
    assert model.name == "regex"
    assert reader.batches, "the model reads once before the server is ready"


def test_a_draining_server_finishes_its_work_and_refuses_more(served: "Served", refused: "Refusing") -> None:
    served.reader.hold()
    batch = pb.BatchExtractQuotationsRequest(documents=[pb.Document(text=TEXT)] * 3)
    answer = served.quotations.BatchExtractQuotations.future(batch, timeout=WAIT)
    served.reader.wait_until_begun()

    served.running.stop()
    wait_until_draining(served)
    refusal = refused(served.extract)
    served.reader.release()

    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    assert refusal.details.retry_seconds > 0
    assert "grpc-retry-pushback-ms" in refusal.trailers
    assert [len(item.result.quotations) for item in answer.result().items] == [1, 1, 1]


def test_a_draining_server_ends_open_streams_behind_their_last_answer(served: "Served", refused: "Refusing") -> None:
    served.reader.hold()
    ended = threading.Event()

    def requests() -> Iterator[pb.StreamExtractQuotationsRequest]:
        yield pb.StreamExtractQuotationsRequest(document=pb.Document(id="a", text=TEXT))
        ended.wait(WAIT)  # never half-closed by the caller

    responses = served.quotations.StreamExtractQuotations(requests(), timeout=WAIT)
    served.reader.wait_until_begun()
    served.running.stop()
    wait_until_draining(served)
    served.reader.release()

    assert next(responses).HasField("result")
    refusal = refused(lambda: next(responses))
    ended.set()
    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")


def test_what_is_in_work_when_the_drain_time_is_over_is_refused(serve: "Serve", refused: "Refusing") -> None:
    served = serve(drain_seconds=0.05)
    served.reader.hold()
    answer = served.extract_later(TEXT)
    served.reader.wait_until_begun()

    served.running.stop()

    refusal = refused(answer.result)
    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")


def test_reflection_lists_the_services(served: "Served") -> None:
    services = ProtoReflectionDescriptorDatabase(served.channel).get_services()

    assert {*SERVICE_NAMES, "grpc.health.v1.Health"} <= set(services)


def test_reflection_can_be_switched_off(tmp_path: Path, reader: "RegexReader") -> None:
    config = ServerConfig(listen=f"unix:{tmp_path}/s", reflection=False)
    with (
        background_server(config, log=json_logger("error"), load=lambda: reader) as running,
        grpc.insecure_channel(running.address) as channel,
        pytest.raises(grpc.RpcError) as refusal,
    ):
        ProtoReflectionDescriptorDatabase(channel).get_services()

    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_port_0_becomes_the_port_that_was_free(serve: "Serve") -> None:
    served = serve(listen="127.0.0.1:0")

    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", served.running.address)
    assert served.lives_on()


def test_an_address_in_use_is_said_in_one_sentence(tmp_path: Path, reader: "RegexReader") -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket(socket.AF_UNIX) as taken_path:
        taken_path.bind(f"{tmp_path}/taken")
        taken_path.listen()
        for listen in (f"127.0.0.1:{taken.getsockname()[1]}", f"unix:{tmp_path}/taken", f"unix:/{'p' * 200}"):
            with (
                pytest.raises(StartError, match=re.escape(listen)),
                background_server(ServerConfig(listen=listen), log=json_logger("error"), load=lambda: reader),
            ):
                pytest.fail("started")


def test_two_servers_do_not_share_a_port(serve: "Serve") -> None:
    first = serve(listen="127.0.0.1:0")

    with pytest.raises(StartError):
        serve(listen=first.running.address)
    assert first.lives_on()


def test_a_model_that_cannot_be_loaded_is_said_in_one_sentence(tmp_path: Path) -> None:
    def load() -> Extractor:
        raise OSError("config.json is missing")

    with (
        pytest.raises(StartError, match=r"config\.json is missing"),
        background_server(ServerConfig(listen=f"unix:{tmp_path}/s"), log=json_logger("error"), load=load),
    ):
        pytest.fail("started")


def test_a_server_that_is_interrupted_as_it_loads_is_gone(tmp_path: Path, reader: "RegexReader") -> None:
    released = threading.Event()

    def load() -> Extractor:
        os.kill(os.getpid(), signal.SIGINT)
        assert released.wait(WAIT)
        return reader

    config = ServerConfig(listen=f"unix:{tmp_path}/server")
    with pytest.raises(KeyboardInterrupt), background_server(config, log=json_logger("error"), load=load):
        pass

    assert "guillemet-server" not in {thread.name for thread in threads()}
    released.set()


def test_an_embedded_server_answers_on_a_private_socket_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, reader: "RegexReader", capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Extractor, "load", lambda folder, **_: reader)  # noqa: ARG005

    with embedded_server() as address:
        folder = Path(address.removeprefix("unix:")).parent
        mode = folder.stat().st_mode & 0o777
        with grpc.insecure_channel(address) as channel:
            request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
            result = pb_grpc.QuotationServiceStub(channel).ExtractQuotations(request, timeout=WAIT).result

    assert address.startswith("unix:/")
    assert len(result.quotations) == 1
    assert mode == 0o700
    assert not folder.exists()
    left = threads()
    for thread in left:  # those that read end with their queue, a moment later
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in left)
    assert capfd.readouterr() == ("", "")


def test_an_embedded_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path | None, **_: object) -> Extractor:  # noqa: ARG001
        raise OSError("no such model")

    monkeypatch.setattr(Extractor, "load", load)

    with pytest.raises(StartError, match="no such model"), embedded_server(Path("nowhere")):
        pytest.fail("started")
