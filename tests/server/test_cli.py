"""The command in a process of its own, with the embedded model."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import psutil
import pytest
import typer
from grpc_status import rpc_status
from typer.testing import CliRunner

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_models.cpus import usable_cpus
from guillemet_server.cli import add_commands

WAIT = 60.0
LOADED_WAIT = 240.0
TEXT = "« Nous serons prêts », a déclaré mardi Élisabeth Borne, ministre du Travail."


def command(*options: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "guillemet_server", *options], stderr=subprocess.PIPE, text=True, env=environment
    )


@contextmanager
def serving(*options: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, object]]]:
    """Run the command; yield it with the line in which it says what it serves."""
    with command(*options) as process:
        try:
            for line in process.stderr:
                if line.startswith("{") and (said := json.loads(line))["event"] == "serving":
                    break
            else:
                pytest.fail(f"ended with {process.wait(WAIT)}")
            yield process, said
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--listen", "0.0.0.0:0"], "--insecure"),
        (["--listen", "[::]:0"], "--insecure"),
        (["--listen", "example.org:50051"], "--insecure"),
        (["--listen", "50051"], "HOST:PORT or unix:PATH"),
        (["--listen", "unix:"], "path of a socket"),
        (["--metrics-listen", "unix:metrics.sock"], "'unix:metrics.sock' is no address: write HOST:PORT\n"),
        (["--threads", "0"], "threads"),
        (["--threads", "1000"], "threads must lie between"),
        (["--runtime", "torch", "--reader-processes"], "reader processes are of the runtime onnx"),
        (["--cache-bytes", "-1"], "--cache-bytes must be at least 0"),
        (["--drain-seconds", "nan"], "--drain-seconds must"),
        (["--max-batch-documents", "0"], "--max-batch-documents must"),
        (["--max-request-bytes", "1000"], "raise --max-request-bytes or lower --max-document-characters"),
        (["--listen", "127.0.0.1:0", "--model", "/nowhere"], "model"),
        (["--listen", "127.0.0.1:0", "--tokens", "/nowhere.toml"], "serve: /nowhere.toml: No such file or directory\n"),
        (["--listen", "127.0.0.1:0", "--tokens", __file__], "test_cli.py: no TOML, of which each caller has one table: "),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(options: list[str], sentence: str) -> None:
    with command(*options) as process:
        _, said = process.communicate(timeout=WAIT)

    assert process.returncode == 2
    assert sentence in said
    assert said.startswith("guillemet serve: ")
    assert said.count("\n") == 1


def test_the_help_says_that_the_runtime_may_have_no_use_for_a_batch_so_large() -> None:
    app = typer.Typer()
    add_commands(app)

    done = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "300"})

    assert "fewer, as GetModel says, where the runtime has no use for more" in " ".join(done.stdout.split())


def test_an_open_address_is_served_when_asked_for() -> None:
    with serving("--listen", "0.0.0.0:0", "--insecure") as (_, said):
        assert str(said["address"]).startswith("0.0.0.0:")


def test_a_queue_shorter_than_a_batch_is_served_with_batches_no_longer() -> None:
    with serving("--listen", "127.0.0.1:0", "--max-queue-tokens", "500") as (_, said):
        assert said["max_batch_tokens"] == 500


def test_a_second_signal_ends_the_process_at_once_whatever_is_in_work() -> None:
    options = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--threads", "1", "--drain-seconds", "600")
    with serving(*options) as (process, said), grpc.insecure_channel(str(said["address"])) as channel:
        # What takes minutes.
        request = pb.ExtractQuotationsRequest(document=pb.Document(text=f"{TEXT} " * 10_000))
        call = pb_grpc.QuotationServiceStub(channel).ExtractQuotations.future(request)
        while "guillemet_rpcs_in_flight 1.0" not in metrics(str(said["metrics_address"])):
            assert not call.done()
        process.send_signal(signal.SIGINT)
        assert any("draining" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)

        assert process.wait(WAIT) == -signal.SIGINT


def metrics(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=WAIT) as response:
        return str(response.read().decode())


def test_the_command_says_what_it_serves_and_drains_on_sigterm() -> None:
    with serving("--listen", "127.0.0.1:0", "--threads", "1", "--drain-seconds", "20") as (process, said):
        with grpc.insecure_channel(str(said["address"])) as channel:
            stub = pb_grpc.QuotationServiceStub(channel)
            model = pb_grpc.ModelServiceStub(channel).GetModel(pb.GetModelRequest(), timeout=WAIT).model

            def requests() -> Iterator[pb.StreamExtractQuotationsRequest]:
                yield pb.StreamExtractQuotationsRequest(document=pb.Document(id="a", text=TEXT))
                process.wait(WAIT)  # the caller never ends the stream

            responses = stub.StreamExtractQuotations(requests(), timeout=WAIT)
            first = next(responses)
            process.send_signal(signal.SIGTERM)
            with pytest.raises(grpc.RpcError) as end:
                next(responses)
        log = [json.loads(line) for line in process.stderr if line.startswith("{")]
        code = process.wait(WAIT)

    assert first.result.stats.characters == len(TEXT)
    assert end.value.code() is grpc.StatusCode.UNAVAILABLE
    assert code == 0
    assert [line["event"] for line in log if line["event"] != "rpc"] == ["draining", "stopped"]
    for name in ("name", "version", "sha256", "runtime", "precision", "max_document_characters", "max_batch_tokens"):
        assert said[name] == getattr(model, name)
    assert said["threads"] == 1
    assert TEXT not in json.dumps([said, *log], ensure_ascii=False)


def test_nothing_that_was_accepted_is_lost_when_the_server_is_told_to_stop_under_load() -> None:
    with serving("--listen", "127.0.0.1:0", "--drain-seconds", "120") as (process, said):
        with grpc.insecure_channel(str(said["address"])) as channel:
            stub = pb_grpc.QuotationServiceStub(channel)
            document = pb.Document(text="\n".join([TEXT] * 40))
            unary = [
                stub.ExtractQuotations.future(pb.ExtractQuotationsRequest(document=document), timeout=LOADED_WAIT)
                for _ in range(30)
            ]
            batch = pb.BatchExtractQuotationsRequest(documents=[document] * 10)
            together = stub.BatchExtractQuotations.future(batch, timeout=LOADED_WAIT)
            calls = [*unary, together]
            unary[0].result()
            process.send_signal(signal.SIGTERM)
            left = [call for call in calls if not call.done()]
            codes = [call.code() for call in calls]
            answered = [call for call in left if call.code() is grpc.StatusCode.OK]
            refusals = [rpc_status.from_call(call) for call in calls if call.code() is grpc.StatusCode.UNAVAILABLE]
        code = process.wait(LOADED_WAIT)

    # What came too late to be accepted is told to come again; what was accepted is answered, after the signal as before it.
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    assert {status.message for status in refusals} <= {"the server is shutting down"}
    assert len(answered) > 0
    assert code == 0


@pytest.mark.skipif(usable_cpus() < 2, reason="one thread reads by itself")
def test_what_a_reading_process_had_when_it_died_is_answered_by_another_and_all_end_with_the_server() -> None:
    options = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--threads", "2")
    with serving(*options) as (process, said), grpc.insecure_channel(str(said["address"])) as channel:
        stub = pb_grpc.QuotationServiceStub(channel)
        request = pb.ExtractQuotationsRequest(document=pb.Document(text="\n".join([TEXT] * 20)))

        def answers(count: int) -> list[pb.ExtractQuotationsResponse]:
            calls = [stub.ExtractQuotations.future(request, timeout=LOADED_WAIT) for _ in range(count)]
            return [call.result() for call in calls]

        [alone] = answers(1)
        assert "guillemet_readers 2.0" in metrics(str(said["metrics_address"]))
        readers = psutil.Process(process.pid).children()
        calls = [stub.ExtractQuotations.future(request, timeout=LOADED_WAIT) for _ in range(60)]
        calls[0].result()
        for reader in readers:
            reader.kill()
        answered = [call.result() for call in calls]
        deaths = float(metrics(str(said["metrics_address"])).split("\nguillemet_reader_deaths_total ")[1].split()[0])
        left = psutil.Process(process.pid).children()
        process.kill()
        gone, _ = psutil.wait_procs([*readers, *left], timeout=WAIT)

    assert all(len(it.result.quotations) == len(alone.result.quotations) == 20 for it in answered)
    assert deaths == len(readers) == 2
    assert len(gone) == len(readers) + len(left)


def test_a_second_server_on_the_port_is_refused(tmp_path: Path) -> None:
    for listen in ("127.0.0.1:0", f"unix:{tmp_path}/s"):
        with serving("--listen", listen) as (_, said), command("--listen", str(said["address"])) as second:
            lines = second.communicate(timeout=WAIT)[1].splitlines()

            assert second.returncode == 2
            assert lines[-1].startswith("guillemet serve: ")
            assert "in use" in lines[-1]
