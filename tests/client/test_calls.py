"""What a call is sent with, where it goes, and what ends it from outside."""

import asyncio
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

import guillemet_client as gc
from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc

Ask = Callable[..., Any]


@pytest.mark.parametrize(
    ("method", "texts"), [("extract", "« Oui »"), ("extract_batch", ["« Oui »"]), ("extract_iter", ["« Oui »"])]
)
def test_headers_go_with_every_call(ask: Ask, service: Any, method: str, texts: Any) -> None:
    ask(method, texts, metadata={"X-Request-Id": "r1", "trace-bin": b"\x00"})

    assert service.headers
    assert {(headers["x-request-id"], headers["trace-bin"]) for headers in service.headers} == {("r1", b"\x00")}


# Where it goes


class Named(pb_grpc.ModelServiceServicer):
    """Tells servers apart."""

    def __init__(self, name: str) -> None:
        self._name = name

    def GetModel(self, _request: pb.GetModelRequest, _context: grpc.ServicerContext) -> pb.GetModelResponse:  # noqa: D102, N802
        return pb.GetModelResponse(model=pb.Model(name=self._name))


def test_a_name_that_stands_for_several_servers_uses_them_in_turn() -> None:
    servers = [grpc.server(ThreadPoolExecutor(1)) for _ in range(2)]
    ports = []
    for number, server in enumerate(servers):
        pb_grpc.add_ModelServiceServicer_to_server(Named(str(number)), server)
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        server.start()
    try:
        with gc.Client("ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)) as client:
            # Which one is connected first is open; both are in the end.
            answered: set[str] = set()
            end = time.monotonic() + 30
            while len(answered) < 2:
                assert time.monotonic() < end
                answered.add(client.get_model(timeout=30).name)
            names = [client.get_model(timeout=30).name for _ in range(10)]
    finally:
        for server in servers:
            server.stop(None)

    assert names in (["0", "1"] * 5, ["1", "0"] * 5)


# What ends it


def test_closing_a_client_ends_its_open_stream_with_a_clear_error(address: str) -> None:
    client = gc.Client(address)
    documents = client.extract_iter(iter(lambda: "a", None), max_in_flight=2)
    next(documents)
    client.close()

    with pytest.raises(ValueError, match="the client is closed"):
        list(documents)


async def test_closing_an_asynchronous_client_does_too(address: str) -> None:
    client = gc.AsyncClient(address)
    documents = client.extract_iter(iter(lambda: "a", None), max_in_flight=2)
    await anext(documents)
    await client.close()

    with pytest.raises(ValueError, match="the client is closed"):
        async for _ in documents:
            pass


def test_closing_a_client_ends_the_call_that_another_thread_waits_for(address: str, service: Any) -> None:
    service.silent = True
    client = gc.Client(address)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(client.extract, "« Oui »")
        assert service.asked.wait(30)
        client.close()

        with pytest.raises(ValueError, match="the client is closed"):
            waiting.result()


def test_closing_a_client_ends_the_wait_for_a_server_to_come_back(
    address: str, service: Any, new_status: Callable[..., Any]
) -> None:
    service.failures.append(new_status(grpc.StatusCode.UNAVAILABLE, "MODEL_LOADING", retry_seconds=3600.0))
    client = gc.Client(address)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(list, client.extract_iter(["« Oui »"], patience=9999))
        assert service.asked.wait(30)
        client.close()

        with pytest.raises(ValueError, match="the client is closed"):
            waiting.result(timeout=60)


async def test_closing_an_asynchronous_client_ends_the_wait_for_a_server_to_come_back(
    address: str, service: Any, new_status: Callable[..., Any]
) -> None:
    service.failures.append(new_status(grpc.StatusCode.UNAVAILABLE, "MODEL_LOADING", retry_seconds=3600.0))
    client = gc.AsyncClient(address)
    documents = client.extract_iter(["« Oui »"], patience=9999)
    waiting = asyncio.create_task(anext(documents))
    assert await asyncio.to_thread(service.asked.wait, 30)
    await client.close()

    with pytest.raises(ValueError, match="the client is closed"):
        await asyncio.wait_for(waiting, timeout=60)


async def test_closing_an_asynchronous_client_ends_the_call_that_another_task_waits_for(address: str, service: Any) -> None:
    service.silent = True
    client = gc.AsyncClient(address)
    waiting = asyncio.create_task(client.extract("« Oui »"))
    assert await asyncio.to_thread(service.asked.wait, 30)
    await client.close()

    with pytest.raises(ValueError, match="the client is closed"):
        await waiting


# Processes


SPAWN = """
import multiprocessing, sys
from guillemet_client import Client


def quotation_of(text):
    with Client(sys.argv[1]) as client:
        return client.extract(text).quotations[0].text


if __name__ == "__main__":
    with Client(sys.argv[1]) as client:  # this process has threads of gRPC, which a fork would break
        client.get_model()
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            print(*pool.map(quotation_of, ["« Oui »", "« Non »", "« Si »"]), sep="\\n")
"""


def test_spawned_processes_ask_each_with_a_client_of_its_own(address: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(SPAWN, encoding="utf-8")

    assert run(str(program), address) == ["« Oui »", "« Non »", "« Si »"]


FORK = """
import os, sys
import guillemet_client as gc

client = gc.Client(sys.argv[1])
child = os.fork()
if child == 0:
    try:
        client.extract("« Oui »")
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(client.extract("« Oui »").quotations[0].text)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_client_says_that_it_did_not_survive_a_fork(address: str) -> None:
    of_the_child, of_the_parent = run("-c", FORK, address)

    assert "made before a fork" in of_the_child
    assert of_the_parent == "« Oui »"


def test_a_client_cannot_be_sent_to_another_process(address: str) -> None:
    with gc.Client(address) as client, pytest.raises(TypeError, match="belongs to its process"):
        pickle.dumps(client)


def run(*arguments: str) -> list[str]:
    """Return the lines that a Python program prints."""
    command = [sys.executable, "-X", "utf8", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True).stdout.splitlines()
