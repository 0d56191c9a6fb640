"""A trained model -> a model folder that serves without torch: two ONNX graphs, the tokenizer and a description.

Weights are stored as float16 and computed with as float32 (each is cast once, when the graph is loaded), which halves the file
and changes no result worth the name; int8 quantizes the matrices, for CPUs that have the instructions.
"""

import logging
import warnings
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from guillemet_models.model import QuotationModel
from guillemet_models.pairing import PAIR_FEATURE_SIZES
from guillemet_models.tokenization import FEATURE_SIZES
from guillemet_models.weights import ENCODER, RELATIONS, TOKENIZER, ModelSettings, sha256

# Smaller tensors (biases, norms, shapes) stay as they are: nothing to gain, and precision matters there.
HALVED_FROM_ELEMENTS = 4096


def export(model: QuotationModel, tokenizer: Path, folder: Path, *, name: str, version: str, int8: bool = False) -> None:
    """Write the model folder.

    Args:
        model: Trained.
        tokenizer: Its ``tokenizer.json``.
        folder: Made if it is not there; files of a model in it are replaced.
        name: By which servers offer it.
        version: Semantic, of the weights.
        int8: Quantize the matrices of the encoder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = model.float().cpu().eval()
    _export_encoder(model, folder / ENCODER)
    _export_relations(model, folder / RELATIONS)
    if int8:
        _quantize(folder / ENCODER)
    for graph in (ENCODER, RELATIONS):
        _halve(folder / graph)
    if tokenizer.resolve() != (folder / TOKENIZER).resolve():
        copyfile(tokenizer, folder / TOKENIZER)
    ModelSettings(
        name=name,
        version=version,
        precision="int8" if int8 else "float32",
        sha256={file: sha256(folder / file) for file in (ENCODER, RELATIONS, TOKENIZER)},
    ).write(folder)


def _export_encoder(model: QuotationModel, path: Path) -> None:
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", min=1, max=1 << 20)
    ids = torch.randint(5, 100, (2, 12))
    features = torch.zeros(2, 12, len(FEATURE_SIZES), dtype=torch.long)
    is_token = torch.ones(2, 12, dtype=torch.bool)
    _export(
        model,
        (ids, features, is_token),
        path,
        inputs=("ids", "features", "is_token"),
        outputs=("states", "scores"),
        dynamic=({0: batch, 1: length}, {0: batch, 1: length}, {0: batch, 1: length}),
    )


def _export_relations(model: QuotationModel, path: Path) -> None:
    length, spans, pairs = torch.export.Dim("length"), torch.export.Dim("n_spans"), torch.export.Dim("n_pairs")
    arguments = (
        torch.randn(12, model.encoder.width),
        torch.tensor([[0, 0], [1, 3], [4, 7]]),
        torch.tensor([0, 1, 3]),
        torch.tensor([[1, 0], [1, 2], [2, 0], [2, 2]]),
        torch.tensor([0, 1, 3, 3]),
        torch.zeros(4, len(PAIR_FEATURE_SIZES), dtype=torch.long),
    )
    _export(
        model.relations,
        arguments,
        path,
        inputs=("states", "spans", "kinds", "pairs", "relations", "pair_features"),
        outputs=("scores",),
        dynamic=({0: length}, {0: spans}, {0: spans}, {0: pairs}, {0: pairs}, {0: pairs}),
    )


def _export(
    module: nn.Module,
    arguments: tuple[Tensor, ...],
    path: Path,
    *,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    dynamic: tuple[dict[int, torch.export.Dim], ...],
) -> None:
    """Write one graph, whole in one file."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # About names of axes that are shared, and about deprecations inside the exporter: nothing a caller can act on.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            arguments,
            dynamo=True,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=dynamic,
            optimize=True,
            verbose=False,
        )
    assert program is not None  # noqa: S101 (torch types it as optional; it is None only with a file name given)
    onnx.save(program.model_proto, path)


def _quantize(path: Path) -> None:
    """Quantize the matrices to int8 for each column, the activations as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 (it logs at import)

    quantize_dynamic(path, path, weight_type=QuantType.QInt8, per_channel=True)


def _halve(path: Path) -> None:
    """Store the large float32 tensors of a graph as float16, each cast back where the graph is loaded."""
    graph = onnx.load(path)
    casts = []
    for tensor in graph.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < HALVED_FROM_ELEMENTS:
            continue
        halved = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}_float16")
        casts.append(helper.make_node("Cast", [halved.name], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(halved)
    nodes = [*casts, *graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    # The exporter's notes on where each node comes from hold paths of this machine.
    parts: list[Any] = [graph, graph.graph, *graph.graph.node, *graph.graph.value_info, *graph.graph.initializer]
    for part in parts:
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(graph, path)
