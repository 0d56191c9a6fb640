"""What is installed, and what is committed: a thin client, a server without torch, no machine's paths, no pickles."""

import email
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
WAIT = 300.0
PACKAGES = {f"guillemet{name}" for name in ("", "_bench", "_client", "_evaluation", "_models", "_server")}
EMBEDDED = {"model.json", "tokenizer.json", "encoder.onnx", "embeddings.bin", "relations.onnx", "MODEL_CARD.md"}
HEAVY = {"numpy", "onnx", "onnxruntime", "scipy", "tokenizers", "torch", "transformers"}
MAX_WEIGHTS_BYTES = 25_000_000
TEXT = "« Nous serons prêts », a déclaré mardi Élisabeth Vasseur, ministre du Travail."

# Folders of one machine.
MACHINE_PATH = re.compile(rb"(?<![\w.~-])/(?:home|root|Users|work|tmp|opt|mnt)/\w[\w./-]*")

in_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git checkout")


def build(source: Path, output: Path, *options: str) -> None:
    """Build without a network: the build backend is a development dependency."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", output, *options, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    build(ROOT, folder, "--sdist")
    [path] = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build(ROOT, folder, "--wheel")
    [path] = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel installed and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel]
    subprocess.run(command, check=True, timeout=WAIT)
    return folder


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def closure(requirements: list[str], extra: str = "") -> set[str]:
    """Return the names of all distributions that the requirements stand for, of this project without its own."""
    found: set[str] = set()

    def add(line: str, extra: str) -> None:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            return
        name = canonicalize_name(requirement.name)
        if name == "guillemet":
            for chosen in requirement.extras:
                for further in requirements:
                    add(further, chosen)
        elif name not in found:
            found.add(name)
            for further in distribution(name).requires or []:
                for chosen in requirement.extras or {""}:
                    add(further, chosen)

    for line in requirements:
        add(line, extra)
    return found


def link_files(name: str, folder: Path) -> None:
    """Make the files of an installed distribution importable from `folder`."""
    for file in distribution(name).files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts and file.locate().exists():
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file.locate())


@pytest.fixture(scope="module")
def requirements(wheel: Path) -> list[str]:
    [metadata] = [data for name, data in contents(wheel).items() if name.endswith(".dist-info/METADATA")]
    return email.message_from_bytes(metadata).get_all("Requires-Dist", [])


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run(installed: Path, requirements: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run Python where the wheel and what it requires are, and nothing else: neither this tree nor this environment."""
    folders: dict[str, Path] = {}

    def run(code: str, *arguments: str, extra: str = "") -> "subprocess.CompletedProcess[str]":
        if extra not in folders:
            folders[extra] = tmp_path_factory.mktemp("requirements")
            for name in closure(requirements, extra):
                link_files(name, folders[extra])
        program = f"import sys; sys.path += {[str(installed), str(folders[extra])]!r}; {code}"
        command = [sys.executable, "-I", "-S", "-c", program, *arguments]
        return subprocess.run(
            command, cwd=tmp_path_factory.mktemp("elsewhere"), capture_output=True, text=True, timeout=WAIT, check=False
        )

    yield run
    for folder in folders.values():
        shutil.rmtree(folder)


MAIN = "from guillemet_command import main; main()"


def test_the_wheel_holds_the_packages_and_the_embedded_model(wheel: Path) -> None:
    names = set(contents(wheel))
    top = {name.split("/")[0] for name in names}

    assert {name for name in top if not name.endswith(".dist-info")} == PACKAGES | {"guillemet_command.py"}
    assert {f"guillemet_models/embedded/{name}" for name in EMBEDDED} <= names
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert not [name for name in names if "test" in name.lower() or "__pycache__" in name]
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_embedded_files_are_those_that_the_model_describes(wheel: Path) -> None:
    held = contents(wheel)
    described = json.loads(held["guillemet_models/embedded/model.json"])

    assert {f"guillemet_models/embedded/{name}" for name in described["sha256"]} <= set(held)
    assert sum(len(data) for name, data in held.items() if "/embedded/" in name) <= MAX_WEIGHTS_BYTES


def test_the_sdist_builds_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    build(source, tmp_path / "again", "--wheel")
    [again] = (tmp_path / "again").iterdir()

    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def test_the_sdist_holds_no_caches(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        parts = {part for name in archive.getnames() for part in Path(name).parts}

    assert {part for part in parts if part.startswith(".")} <= {".dockerignore", ".gitignore"}
    assert not {"__pycache__", "build", "dist", "outputs"} & parts
    assert {"protos", "client", "server", "models", "evaluation", "tests", "README.md", "pyproject.toml"} <= parts


def test_the_client_requires_what_grpc_and_a_terminal_need(requirements: list[str]) -> None:
    base = {canonicalize_name(Requirement(line).name) for line in requirements if "extra ==" not in line}

    assert base == {"googleapis-common-protos", "grpcio", "grpcio-status", "protobuf", "rich", "typer"}
    assert not closure(requirements) & HEAVY


def test_the_server_requires_no_torch(requirements: list[str]) -> None:
    served = closure(requirements, "server")

    assert {"numpy", "onnxruntime", "tokenizers"} <= served
    assert not served & {"torch", "transformers", "onnx", "scipy"}


def test_the_client_imports_nothing_heavy_and_needs_nothing_undeclared(run: Run) -> None:
    done = run("import guillemet_client, json; print(json.dumps([guillemet_client.__file__, sorted(sys.modules)]))")

    assert done.returncode == 0, done.stderr
    file, modules = json.loads(done.stdout)
    assert not Path(file).is_relative_to(ROOT)
    assert not {name.partition(".")[0] for name in modules} & (HEAVY | PACKAGES - {"guillemet", "guillemet_client"})


def test_the_client_alone_says_what_a_command_is_missing(run: Run) -> None:
    version, serve, extract, evaluate = (
        run(MAIN, *it) for it in (["--version"], ["serve"], ["extract", "-"], ["evaluate", "g"])
    )

    assert (version.returncode, version.stderr) == (0, "")
    assert re.fullmatch(r"guillemet \d+\.\d+\.\d+\n", version.stdout)
    for refused, extra in ((serve, "server"), (extract, "server"), (evaluate, "evaluation")):
        assert refused.returncode == 2
        assert f"install guillemet with its extra '{extra}'" in refused.stderr
        assert refused.stderr.count("\n") == 1


def test_an_evaluation_needs_neither_server_nor_torch(run: Run, requirements: list[str]) -> None:
    document = {"id": "a", "text": "Oui.", "entities": [], "quotations": []}
    code = (
        f"from guillemet_evaluation import evaluate; print(len(evaluate([{document}], []).documents), 'torch' in sys.modules)"
    )

    done = run(code, extra="evaluation")

    assert (done.returncode, done.stdout, done.stderr) == (0, "1 False\n", "")
    assert not closure(requirements, "evaluation") & {"torch", "onnxruntime", "tokenizers"}


def test_the_wheel_with_the_server_finds_a_quotation(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")

    done = run(MAIN, "extract", "--format", "jsonl", str(tmp_path / "text.txt"), extra="server")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    begin, end = answer["quotations"][0]["spans"][0]
    assert "Nous serons prêts" in TEXT[begin:end]


def tracked() -> list[Path]:
    """Return the files that git knows and that are there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@in_git
def test_no_committed_file_names_a_machines_path() -> None:
    # A path within an image is not one of a machine.
    named = {path: str(path.relative_to(ROOT)) for path in tracked()}
    found = {name: MACHINE_PATH.findall(path.read_bytes()) for path, name in named.items() if "deploy/" not in name}

    assert {name: paths for name, paths in found.items() if paths} == {}


@in_git
def test_no_committed_file_is_a_pickle() -> None:
    for path in tracked():
        assert path.suffix not in {".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt"}
        with path.open("rb") as file:
            head = file.read(4)
        assert not re.match(rb"\x80[\x02-\x05]", head), path
        assert head != b"PK\x03\x04", f"{path} is an archive"


@in_git
@pytest.mark.parametrize("folder", ["models/guillemet_models/embedded", "models/encoder"])
def test_the_committed_weights_stay_small(folder: str) -> None:
    weights = [path for path in tracked() if path.is_relative_to(ROOT / folder)]

    assert weights
    assert sum(path.stat().st_size for path in weights) <= MAX_WEIGHTS_BYTES


@pytest.mark.parametrize("folder", ["home", "tmp", "work"])
def test_a_machines_path_would_be_found(folder: str) -> None:
    assert MACHINE_PATH.search(f'File "/{folder}/somebody/x.py"'.encode())
    assert not MACHINE_PATH.search(f"../shared/{folder}/x and tests/{folder}/y and /{folder}".encode())
