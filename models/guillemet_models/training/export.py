"""A trained model -> a model folder that serves without torch: two ONNX graphs, the tokenizer and a description.

Weights are stored as float16 and computed with as float32 (each is cast once, when the graph is loaded), which halves the file
and changes no result worth the name; int8 quantizes the matrices, for CPUs that have the instructions.
"""

import logging
import warnings
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import onnx
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from torch import Tensor, nn

from guillemet_models.model import QuotationModel
from guillemet_models.pairing import PAIR_FEATURE_SIZES
from guillemet_models.tokenization import FEATURE_SIZES
from guillemet_models.training.modernbert import rebuild
from guillemet_models.weights import EMBEDDINGS, ENCODER, ENCODER_INT8, RELATIONS, TOKENIZER, TORCH, ModelSettings, sha256

# Smaller tensors (biases, norms, shapes) stay as they are: nothing to gain, and precision matters there.
HALVED_FROM_ELEMENTS = 4096


def export(
    model: QuotationModel,
    tokenizer: Path,
    folder: Path,
    settings: ModelSettings,
    *,
    int8: bool = False,
    torch_too: bool = False,
) -> None:
    """Write the model folder.

    Args:
        model: Trained; left as it is.
        tokenizer: Its ``tokenizer.json``.
        folder: Made if it is not there; files of a model in it are replaced.
        settings: Of the folder; the digests are filled in.
        int8: Add an encoder with quantized matrices, for CPUs that have the instructions.
        torch_too: Add the weights as torch reads them, for GPUs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if torch_too:
        model.save(folder, tokenizer)
    model = deepcopy(model).float().cpu().eval()
    model.encoder.attend_plainly()
    rebuild(model.encoder.transformer)
    _export_encoder(model, folder / ENCODER)
    _export_relations(model, folder / RELATIONS)
    (folder / ENCODER_INT8).unlink(missing_ok=True)
    encoders = [ENCODER]
    if int8:
        _quantize(folder / ENCODER, folder / ENCODER_INT8)
        encoders.append(ENCODER_INT8)
    for graph in (*encoders, RELATIONS):
        _shrink(folder / graph, shares_embeddings=graph != RELATIONS)
    if tokenizer.resolve() != (folder / TOKENIZER).resolve():
        copyfile(tokenizer, folder / TOKENIZER)
    files = (*encoders, EMBEDDINGS, RELATIONS, TOKENIZER, *(TORCH if torch_too else ()))
    window = min(settings.window_tokens, model.encoder.max_tokens)
    overlap = min(settings.overlap_tokens, window // 4)
    replace(
        settings, window_tokens=window, overlap_tokens=overlap, sha256={file: sha256(folder / file) for file in files}
    ).write(folder)


def _export_encoder(model: QuotationModel, path: Path) -> None:
    """Write the graph of one text: without padding there is nothing to mask."""
    length = torch.export.Dim("length", min=1, max=1 << 20)
    ids = torch.randint(5, 100, (1, 300))
    features = torch.zeros(1, 300, len(FEATURE_SIZES), dtype=torch.long)
    _export(
        model,
        (ids, features),
        path,
        inputs=("ids", "features"),
        outputs=("states", "scores"),
        dynamic=({1: length}, {1: length}),
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


def _quantize(path: Path, output: Path) -> None:
    """Quantize the matrices to int8 for each column, the activations as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 (it logs at import)

    quantize_dynamic(path, output, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"])


def _shrink(path: Path, *, shares_embeddings: bool) -> None:
    """Store the large float32 tensors of a graph as float16, each cast back where the graph is loaded.

    The embeddings, more than all the rest, go into a file of their own, which is the same for each precision.
    """
    graph = onnx.load(path)
    halved = [tensor for tensor in graph.graph.initializer if _is_large(tensor)]
    casts = [_halve(tensor) for tensor in halved]
    if shares_embeddings:
        embeddings = max(halved, key=lambda tensor: int(np.prod(tensor.dims)))
        path.with_name(EMBEDDINGS).write_bytes(embeddings.raw_data)
        set_external_data(embeddings, EMBEDDINGS)
        embeddings.ClearField("raw_data")
    nodes = [*casts, *graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    # The exporter's notes on where each node comes from hold paths of this machine.
    parts: list[Any] = [graph, graph.graph, *graph.graph.node, *graph.graph.value_info, *graph.graph.initializer]
    for part in parts:
        del part.metadata_props[:]
        part.doc_string = ""
    path.write_bytes(graph.SerializeToString())


def _is_large(tensor: TensorProto) -> bool:
    return bool(tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= HALVED_FROM_ELEMENTS)


def _halve(tensor: TensorProto) -> NodeProto:
    """Make `tensor` float16 under another name; return the node that gives it back as it was."""
    halved = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}_float16")
    cast = helper.make_node("Cast", [halved.name], [tensor.name], to=TensorProto.FLOAT)
    tensor.CopyFrom(halved)
    return cast
