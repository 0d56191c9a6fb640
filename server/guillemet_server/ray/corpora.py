"""Corpora on Ray Data: Parquet in, Parquet out, read by actors that hold the model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import ray.data
from ray.data.checkpoint import CheckpointConfig

from guillemet_models.document import Document
from guillemet_models.extractor import Extractor

_GIVEN = pa.schema({"id": pa.string(), "text": pa.large_string()})  # an id that is a number becomes its digits as it is read
_SPAN = pa.list_(pa.int32())
_PROBABILITY = pa.float64()
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "text": pa.large_string(),
        "entities": pa.list_(
            pa.struct(
                {
                    **dict.fromkeys(("id", "kind", "name", "role", "institution"), pa.string()),
                    "mentions": pa.list_(_SPAN),
                    **dict.fromkeys(("probability", "institution_probability"), _PROBABILITY),
                }
            )
        ),
        "quotations": pa.list_(
            pa.struct(
                {
                    **dict.fromkeys(("id", "type"), pa.string()),
                    "spans": pa.list_(_SPAN),
                    **dict.fromkeys(("cue", "source"), _SPAN),
                    "speaker": pa.string(),
                    **dict.fromkeys(("probability", "source_probability", "speaker_probability"), _PROBABILITY),
                }
            )
        ),
    }
)
"""Of a document: what is read back as Python values is the one format, as of ``guillemet batch``."""

_BATCH_DOCUMENTS = 32


class Reader:
    """An actor with the model: rows with an id and a text become rows of the one format.

    Args:
        model: A folder that every machine of the cluster has. None: the embedded model.
        threads: And CPUs.
    """

    def __init__(self, model: Path | None = None, threads: int = 1) -> None:
        self._extractor = Extractor.load(model, threads=threads)

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Read the texts of some rows.

        Raises:
            ValueError: One has no id or no text; there is no place for it among the documents.
        """
        ids, texts = rows.column("id").to_pylist(), rows.column("text").to_pylist()
        for name, values in (("id", ids), ("text", texts)):
            if None in values:
                raise ValueError(f"the row with the id {ids[values.index(None)]!r} has no {name}")
        documents = self._extractor.extract(texts)
        written = [_as_served(document).to_json(id) for id, document in zip(ids, documents, strict=True)]  # noqa: A001
        return pa.Table.from_pylist(written, schema=SCHEMA)


def read_corpus(
    inputs: list[str],
    output: str,
    *,
    model: Path | None = None,
    actors: int = 1,
    threads: int = 1,
    checkpoint: str | None = None,
    file_documents: int = 2_000,
) -> int:
    """Attribute the quotations of every row of Parquet files, and write Parquet files of the one format.

    What a dead actor had in work is read again, by another. With `checkpoint`, a job that is begun anew reads only what the one
    before it did not write.

    Args:
        inputs: Parquet files or folders with the columns ``id``, of strings or integers, and ``text``; ids are unique.
        output: Folder; what is there stays.
        model: A folder that every machine of the cluster has. None: the embedded model.
        actors: That read. At least one CPU of the cluster has to be left for the files.
        threads: And CPUs, of each.
        checkpoint: Folder that every machine of the cluster has, for the ids that are written; removed when all is.
        file_documents: At most, of one file of the output; so many are lost with a job that dies, for each actor.

    Returns:
        How many rows `inputs` have.

    Raises:
        ValueError: The actors would leave no CPU of the cluster to read and write files, and wait for ever.
        ray.exceptions.RayTaskError: A row has no id or no text, among what else may go wrong on the cluster.
    """
    if not ray.is_initialized():
        ray.init()
    cpus = int(ray.cluster_resources().get("CPU", 0))
    if actors * threads >= cpus:
        raise ValueError(
            f"{actors} actors of {threads} CPUs leave none of the cluster's {cpus} to read and write files; "
            f"at most {max(0, cpus - 1) // threads} actors are accepted"
        )
    context = ray.data.DataContext.get_current()
    context.checkpoint_config = checkpoint and CheckpointConfig(
        id_column="id", checkpoint_path=checkpoint, delete_checkpoint_on_success=True
    )
    try:
        rows = ray.data.read_parquet(inputs, columns=_GIVEN.names, schema=_GIVEN)
        documents = rows.repartition(target_num_rows_per_block=file_documents).map_batches(
            Reader,
            fn_constructor_args=(model, threads),
            batch_format="pyarrow",
            batch_size=_BATCH_DOCUMENTS,
            compute=ray.data.ActorPoolStrategy(size=actors),
            num_cpus=threads,
        )
        documents.write_parquet(output, mode=ray.data.SaveMode.APPEND)
    finally:  # it is that of every job of this process
        context.checkpoint_config = None
    return int(rows.count())


def _as_served(document: Document) -> Any:
    """Return the document as a client receives it: its probabilities travel as float32."""

    def narrow(part: Any, *names: str) -> Any:
        return replace(part, **{name: float(np.float32(getattr(part, name))) for name in names})

    return replace(
        document,
        entities=tuple(narrow(it, "probability", "institution_probability") for it in document.entities),
        quotations=tuple(narrow(it, "probability", "source_probability", "speaker_probability") for it in document.quotations),
    )
