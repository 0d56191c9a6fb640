"""Texts without annotations, from JSON lines and from raw text."""

import json
import lzma
from pathlib import Path

import pytest

from guillemet_models.training.texts import raw_documents, read_texts


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.xz"])
def test_json_lines_give_texts_by_their_ids(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"texts{suffix}"
    opened = lzma.open if suffix.endswith("xz") else open
    with opened(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"id": name, "text": text}) + "\n" for name, text in (("a", "Un."), ("b", "Deux.\nTrois.")))

    assert read_texts(path) == {"a": "Un.", "b": "Deux.\nTrois."}


def test_documents_of_raw_text_are_named_by_their_digests(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("Un.\nDeux.\n\n\nTrois.\n", encoding="utf-8")

    assert list(raw_documents(path)) == ["Un.\nDeux.", "Trois."]
    assert read_texts(path) == {"c9e8bffd6c0e1": "Un.\nDeux.", "c81ddbfc98bff": "Trois."}
