"""The contract: its generated code is fresh, its form is buf's, and callers with stubs of their own are answered."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from google.rpc import status_pb2
from grpc_tools import protoc

PROTOS = Path(__file__).parents[1] / "protos"
PROTO = Path("guillemet", "v1", "quotation.proto")
GOOGLE = Path(status_pb2.__file__).parents[2]  # where googleapis-common-protos keeps google/rpc/*.proto
BUF = Path(sys.executable).with_name("buf")
WAIT = 120.0
TEXT = "« Nous serons prêts 🎤 », a déclaré mardi Élisabeth Vasseur, ministre du Travail."

WORKSPACE = """\
version: v2
modules:
  - path: protos
  - path: googleapis
lint:
  use: [STANDARD, COMMENTS]
"""

# Runs isolated, in a process of its own: the stubs in the folder argv[1], the server at argv[2], the text argv[3].
WITH_OWN_STUBS = """\
import json, sys
stubs, address, text = sys.argv[1:]
sys.path.insert(0, stubs)
import grpc
from guillemet.v1 import quotation_pb2 as pb, quotation_pb2_grpc as pb_grpc

def offsets(result):
    span = result.quotations[0].spans[0]
    return [span.begin_offset, span.end_offset]

with grpc.insecure_channel(address) as channel:
    quotations = pb_grpc.QuotationServiceStub(channel)
    documents = [pb.Document(id="a", text=text), pb.Document(id="b", text=" "), pb.Document(id="c", text=text)]
    unary = quotations.ExtractQuotations(pb.ExtractQuotationsRequest(document=documents[0]), timeout=60)
    batch = quotations.BatchExtractQuotations(pb.BatchExtractQuotationsRequest(documents=documents), timeout=60)
    options = pb.ExtractOptions(offset_encoding=pb.OFFSET_ENCODING_UTF8)
    stream = quotations.StreamExtractQuotations(
        iter(
            [pb.StreamExtractQuotationsRequest(options=options)]
            + [pb.StreamExtractQuotationsRequest(document=document) for document in documents]
        ),
        timeout=60,
    )
    model = pb_grpc.ModelServiceStub(channel).GetModel(pb.GetModelRequest(), timeout=60).model
    print(json.dumps({
        "words": unary.result.quotations[0].spans[0].content,
        "offsets": offsets(unary.result),
        "batch": [item.WhichOneof("outcome") for item in batch.items],
        "stream": {
            answer.document_id: offsets(answer.result) if answer.WhichOneof("outcome") == "result" else answer.error.code
            for answer in stream
        },
        "model": model.name,
        "answered_by": unary.result.model,
        "ours": sorted(
            name for name, module in sys.modules.items()
            if name.startswith("guillemet") and not (module.__file__ or stubs).startswith(stubs)
        ),
    }))
"""

# As above, with no stubs at all: the server describes itself.
BY_REFLECTION = """\
import json, sys
address, text = sys.argv[1:]
import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

with grpc.insecure_channel(address) as channel:
    database = ProtoReflectionDescriptorDatabase(channel)
    services = sorted(database.get_services())
    service = DescriptorPool(database).FindServiceByName("guillemet.v1.QuotationService")
    method = service.methods_by_name["ExtractQuotations"]
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    call = channel.unary_unary(
        "/guillemet.v1.QuotationService/ExtractQuotations",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    answer = MessageToDict(call(request(document={"text": text}), timeout=60))
    ours = sorted(name for name in sys.modules if name.startswith("guillemet"))
    print(json.dumps({"services": services, "answer": answer, "ours": ours}))
"""


def run_isolated(script: str, *arguments: str, folder: Path) -> dict[str, object]:
    """Run a script that knows nothing of this repository; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *arguments], cwd=folder, capture_output=True, text=True, timeout=WAIT, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, object] = json.loads(done.stdout)
    return said


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the embedded model as the command does, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "guillemet_server", "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            for line in process.stderr:
                if line.startswith("{") and (said := json.loads(line))["event"] == "serving":
                    break
            else:
                pytest.fail(f"the server ended with {process.wait(WAIT)}")
            yield said["address"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT) == 0
        finally:
            process.kill()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a buf workspace with a copy of the contract and of what it imports."""
    (tmp_path / "buf.yaml").write_text(WORKSPACE, encoding="utf-8")
    status = Path("google", "rpc", "status.proto")
    for path, source in ((Path("protos") / PROTO, PROTOS / PROTO), (Path("googleapis") / status, GOOGLE / status)):
        (tmp_path / path).parent.mkdir(parents=True)
        shutil.copyfile(source, tmp_path / path)
    return tmp_path


def lint(workspace: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "BUF_CACHE_DIR": str(workspace / "cache")}
    return subprocess.run(
        [BUF, "lint", "--error-format", "json", "protos"],
        cwd=workspace,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


def generated(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*_pb2*.py*")) if path.suffix != ".pyc"
    }


def test_the_committed_code_is_what_the_contract_generates(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PROTOS / "generate.py", tmp_path], check=True, timeout=WAIT)

    fresh, committed = generated(tmp_path), generated(PROTOS)
    assert sorted(fresh) == sorted(committed)
    assert [path for path in fresh if fresh[path] != committed[path]] == [], "run `make protos`"


def test_the_contract_keeps_the_rules_of_buf(workspace: Path) -> None:
    done = lint(workspace)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_contract_names_every_reason_with_its_code() -> None:
    errors = (PROTOS.parent / "server" / "guillemet_server" / "errors.py").read_text(encoding="utf-8")
    given = {(reason, code) for code, reason in re.findall(r'StatusCode\.([A-Z_]+),\s*"([A-Z_]+)"', errors)}
    given |= {(reason, "INVALID_ARGUMENT") for reason in re.findall(r'_invalid\("([A-Z_]+)"', errors)}
    header, _, _ = (PROTOS / PROTO).read_text(encoding="utf-8").partition("\npackage ")

    named: set[tuple[str, str]] = set()
    code = ""
    for depth, name in re.findall(r"^//(   |     )([A-Z_]+)\b", header, re.MULTILINE):
        if depth == "   ":
            code = name
        else:
            named.add((name, code))

    assert len(given) > 20
    assert named == given


@pytest.mark.parametrize(
    ("pattern", "replacement", "rule"),
    [
        ("ENTITY_KIND_PERSON", "PERSON", "ENUM_VALUE_PREFIX"),
        ("service ModelService", "service Models", "SERVICE_SUFFIX"),
        (r"  // As in the request\.\n", "", "COMMENT_FIELD"),
    ],
)
def test_a_broken_rule_is_found(workspace: Path, pattern: str, replacement: str, rule: str) -> None:
    proto = workspace / "protos" / PROTO
    broken, count = re.subn(pattern, replacement, proto.read_text(encoding="utf-8"), count=1)
    assert count == 1
    proto.write_text(broken, encoding="utf-8")

    done = lint(workspace)

    assert done.returncode != 0
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()] == [rule]


def test_a_caller_with_stubs_of_its_own_is_answered(address: str, tmp_path: Path) -> None:
    includes = [PROTOS, Path(str(files("grpc_tools"))) / "_proto", GOOGLE]
    options = [*(f"-I{folder}" for folder in includes), f"--python_out={tmp_path}", f"--grpc_python_out={tmp_path}"]
    assert protoc.main(["protoc", *options, str(PROTOS / PROTO)]) == 0
    for package in ("guillemet", "guillemet/v1"):
        # A package with this file hides ours, wherever that is installed.
        (tmp_path / package / "__init__.py").touch()

    said = run_isolated(WITH_OWN_STUBS, str(tmp_path), address, TEXT, folder=tmp_path)

    assert said["ours"] == []
    assert "Nous serons prêts 🎤" in str(said["words"])
    begin, end = said["offsets"]
    assert TEXT[begin:end] == said["words"]
    assert said["batch"] == ["result", "error", "result"]
    in_bytes = [len(TEXT[:begin].encode()), len(TEXT[:end].encode())]
    assert said["stream"] == {"a": in_bytes, "b": 3, "c": in_bytes}  # 3: INVALID_ARGUMENT
    assert said["model"] == said["answered_by"]


def test_a_caller_without_stubs_learns_the_contract_by_reflection(address: str, tmp_path: Path) -> None:
    said = run_isolated(BY_REFLECTION, address, TEXT, folder=tmp_path)

    assert said["ours"] == []
    assert {"grpc.health.v1.Health", "guillemet.v1.ModelService", "guillemet.v1.QuotationService"} < set(said["services"])
    [quotation] = said["answer"]["result"]["quotations"]
    assert quotation["type"] == "QUOTATION_TYPE_DIRECT"
    assert "Nous serons prêts 🎤" in quotation["spans"][0]["content"]
