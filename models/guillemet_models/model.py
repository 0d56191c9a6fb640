"""Encoder and heads as one model, and the folder it is kept in."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import copyfile

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from guillemet_models.encoder import Encoder
from guillemet_models.heads import RelationHead, TaggingHead


@dataclass(frozen=True, kw_only=True)
class HeadConfig:
    """Sizes of what stands on the encoder."""

    tagging_width: int = 256
    span_width: int = 192
    pair_width: int = 64
    dropout: float = 0.2


class QuotationModel(nn.Module):
    """Tokens -> tag scores and hidden states; hidden states and spans -> relation scores."""

    def __init__(self, encoder: Encoder, config: HeadConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.tagging = TaggingHead(encoder.width, config.tagging_width, config.dropout)
        self.relations = RelationHead(encoder.width, config.span_width, config.pair_width, config.dropout)

    def forward(self, ids: Tensor, features: Tensor, is_token: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return hidden states ``(batch, length, width)`` and tag scores ``(batch, length, layers, states)``.

        The arguments are those of `Encoder.forward`; relations are asked of `relations` once spans are known.
        """
        states = self.encoder(ids, features, is_token)
        return states, self.tagging(states)

    def save(self, folder: Path, tokenizer: Path) -> None:
        """Write ``model.safetensors``, ``config.json`` (the encoder's), ``heads.json`` and ``tokenizer.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: value.contiguous() for name, value in self.state_dict().items()}, folder / "model.safetensors")
        self.encoder.transformer.config.save_pretrained(folder)
        (folder / "heads.json").write_text(json.dumps(asdict(self.config), indent=2) + "\n", encoding="utf-8")
        if tokenizer.resolve() != (folder / "tokenizer.json").resolve():
            copyfile(tokenizer, folder / "tokenizer.json")

    @classmethod
    def load(cls, folder: Path) -> "QuotationModel":
        """Read what `save` wrote."""
        config = HeadConfig(**json.loads((folder / "heads.json").read_text(encoding="utf-8")))
        model = cls(Encoder(folder, pretrained=False), config)
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return model
