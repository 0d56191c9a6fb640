"""Ray Data: Parquet in, Parquet out, the documents of `guillemet batch`; no killed actor and no killed job loses any."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("ray", reason="the extra ray is not installed: make ray")


from ray.data import DataContext
from ray.exceptions import RayTaskError

from guillemet_client.corpora.outputs import _schema
from guillemet_server.ray.corpora import SCHEMA, read_corpus

# Ray leaves sockets and processes to the end of the process.
pytestmark = pytest.mark.filterwarnings("ignore")

DOCUMENTS = int(os.environ.get("GUILLEMET_RAY_DOCUMENTS", "2000"))
PART = DOCUMENTS // 20
NAMES = ("Zoé Li", "Anne Roux", "Marc Vidal", "Inès Caron", "le maire", "la préfecture", "Paul Ott")
VERBS = ("a dit", "a déclaré", "assure", "a promis")
WAIT = 590.0
ACTOR = "ray::MapWorker(MapBatches(Reader))"


def written(folder: Path) -> Path:
    """Write short documents in several row groups."""
    rows = [
        {"id": f"d{n}", "text": f"« Le lot {n} part demain », {VERBS[n % 4]} {NAMES[n % 7]}. Il pleut sur le quai {n % 97}."}
        for n in range(DOCUMENTS)
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "corpus.parquet", row_group_size=max(1, DOCUMENTS // 20))
    return folder / "corpus.parquet"


def documents_of(path: Path) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(path).to_pylist()
    documents = {row["id"]: row for row in rows}
    assert len(documents) == len(rows), "a document was written twice"
    return documents


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def expected(corpus: Path) -> dict[str, dict[str, Any]]:
    output = corpus.with_name("batch.parquet")
    command = "import sys; from guillemet_command import main; sys.argv[0] = 'guillemet'; main()"
    arguments = [sys.executable, "-c", command, "batch", str(corpus), "--output", str(output)]
    subprocess.run(arguments, check=True, timeout=WAIT, capture_output=True)
    return documents_of(output)


def test_the_rows_are_those_of_the_batch_command() -> None:
    assert SCHEMA.equals(_schema())


@pytest.mark.usefixtures("cluster")
def test_a_corpus_survives_a_killed_actor_and_equals_the_batch_command(
    corpus: Path, expected: dict[str, dict[str, Any]], tmp_path: Path, processes: Callable[[str], list[int]]
) -> None:
    killed: list[int] = []
    ended = threading.Event()

    def kill() -> None:
        while not killed and not ended.wait(0.2):
            # Once something is written, an actor is at work.
            if any((tmp_path / "output").glob("*.parquet")):
                pids = processes(ACTOR)
                if pids:
                    os.kill(pids[0], signal.SIGKILL)
                    killed.append(pids[0])

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        rows = read_corpus([str(corpus)], str(tmp_path / "output"), actors=2, file_documents=PART)
    finally:
        ended.set()
        killer.join()

    assert killed
    assert rows == DOCUMENTS
    assert documents_of(tmp_path / "output") == expected


@pytest.mark.usefixtures("cluster")
def test_actors_that_leave_no_cpu_are_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none of the cluster's 4 .*at most 1 actors"):
        read_corpus([str(corpus)], str(tmp_path / "output"), actors=2, threads=2)


@pytest.mark.usefixtures("cluster")
def test_a_job_that_fails_says_which_row_has_no_text_and_leaves_the_next_job_without_its_checkpoint(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a", "b"], "text": ["Il pleut.", None]}), tmp_path / "corpus.parquet")

    with pytest.raises(RayTaskError, match="the row with the id 'b' has no text"):
        read_corpus([str(tmp_path / "corpus.parquet")], str(tmp_path / "output"), checkpoint=str(tmp_path / "checkpoint"))

    assert DataContext.get_current().checkpoint_config is None


@pytest.mark.usefixtures("cluster")
def test_ids_may_be_numbers_as_of_the_batch_command(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1, 20], "text": ["Il pleut."] * 2}), tmp_path / "corpus.parquet")

    rows = read_corpus([str(tmp_path / "corpus.parquet")], str(tmp_path / "output"), checkpoint=str(tmp_path / "checkpoint"))

    assert rows == 2
    assert documents_of(tmp_path / "output").keys() == {"1", "20"}


@pytest.mark.usefixtures("cluster")
def test_a_job_begun_anew_reads_what_is_missing(corpus: Path, expected: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    output, checkpoint = tmp_path / "output", tmp_path / "checkpoint"
    command = (
        "import ray, sys; from guillemet_server.ray.corpora import read_corpus; "
        "ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 * 2**20); "
        f"read_corpus([sys.argv[1]], sys.argv[2], checkpoint=sys.argv[3], file_documents={PART})"
    )
    arguments = [sys.executable, "-c", command, str(corpus), str(output), str(checkpoint)]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as job:
        while job.poll() is None and not any(output.glob("*.parquet")):
            threading.Event().wait(0.2)
        os.killpg(job.pid, signal.SIGKILL)
    first = set(documents_of(output))

    read_corpus([str(corpus)], str(output), actors=2, checkpoint=str(checkpoint), file_documents=PART)

    assert 0 < len(first) < DOCUMENTS
    assert documents_of(output) == expected
