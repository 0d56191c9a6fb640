"""A model folder -> verified files.

A folder holds data only: ONNX graphs, a tokenizer, a description; never code or pickles.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from guillemet_models.calibration import Calibration
from guillemet_models.decoding import BONUSES

DESCRIPTION = "model.json"
TOKENIZER = "tokenizer.json"
ENCODER = "encoder.onnx"  # float32
ENCODER_INT8 = "encoder.int8.onnx"  # may be left out
EMBEDDINGS = "embeddings.bin"  # the largest tensor, which the two share
RELATIONS = "relations.onnx"
TORCH = ("model.safetensors", "config.json", "heads.json")  # all three may be left out
FORMAT = 3  # 1: the encoder's graph took a mask; 2: pairs had fewer features


class ModelFileError(Exception):
    """A model folder cannot be used; the message says which file and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What ``model.json`` says of the files beside it."""

    name: str
    version: str  # semantic, of the weights
    sha256: dict[str, str]  # of each file
    window_tokens: int = 1024
    overlap_tokens: int = 256
    bonus: dict[str, float] = field(default_factory=dict)  # of each span of a layer or label, see `decode`
    calibration: dict[str, tuple[float, float]] = field(default_factory=dict)  # slope and offset, see `Calibration`
    format: int = FORMAT

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ValueError: One makes no sense; the message says which.
        """
        if not all(isinstance(words, str) and words for words in (self.name, self.version)):
            raise ValueError("name and version must be words")
        sizes = (self.window_tokens, self.overlap_tokens)
        if not all(type(size) is int for size in sizes) or not 0 <= self.overlap_tokens < self.window_tokens:
            raise ValueError("window_tokens and overlap_tokens must be whole numbers, the overlap the smaller one")
        if not _maps(self.sha256, lambda digest: isinstance(digest, str)):
            raise ValueError("sha256 must map files to digests")
        if not _maps(self.bonus, _is_number) or not self.bonus.keys() <= BONUSES.keys():
            raise ValueError(f"bonus must map layers and labels ({', '.join(sorted(BONUSES))}) to numbers")
        decisions = {kind.name for kind in fields(Calibration)}
        if not _maps(self.calibration, _is_pair) or not self.calibration.keys() <= decisions:
            raise ValueError(f"calibration must map decisions ({', '.join(sorted(decisions))}) to a slope and an offset")

    def write(self, folder: Path) -> None:
        """Write the description into `folder`."""
        (folder / DESCRIPTION).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def embedded_folder() -> Path:
    """Return the folder of the model that comes with the package."""
    return Path(str(files("guillemet_models"))) / "embedded"


def read_settings(folder: Path) -> ModelSettings:
    """Return the settings of a model folder whose files are all there and unchanged.

    Raises:
        ModelFileError: A file is missing, damaged or of another format.
    """
    path = folder / DESCRIPTION
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFileError(f"{folder} is no model folder: {DESCRIPTION}: {error.strerror}") from error
    except ValueError as error:
        raise ModelFileError(f"{path} is damaged: {error}") from error
    if not isinstance(values, dict):
        raise ModelFileError(f"{path} is damaged: no description of a model")
    if values.get("format") != FORMAT:
        raise ModelFileError(f"{path} has format {values.get('format')}; this version reads format {FORMAT}")
    try:
        settings = ModelSettings(**values)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is damaged: {error}") from error
    served = {ENCODER, EMBEDDINGS, RELATIONS, TOKENIZER} | {name for name in (ENCODER_INT8,) if (folder / name).exists()}
    for name in sorted(served | settings.sha256.keys()):
        if (expected := settings.sha256.get(name)) != (actual := sha256(folder / name)):
            raise ModelFileError(
                f"{folder / name} is not the file that {DESCRIPTION} describes: sha256 {actual}, not {expected}"
            )
    return settings


def _maps(values: object, accepts: Callable[[object], bool]) -> bool:
    return isinstance(values, dict) and all(isinstance(key, str) and accepts(value) for key, value in values.items())


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def sha256(path: Path) -> str:
    """Return the digest of a file, in hexadecimal.

    Raises:
        ModelFileError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror}") from error
