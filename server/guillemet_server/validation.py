"""Requests in, checked values out. Nothing is repaired: what breaks a rule of the contract is refused with its path."""

import re
from dataclasses import dataclass

from guillemet.v1 import quotation_pb2 as pb
from guillemet_server import errors
from guillemet_server.config import Limits

LANGUAGE_CODES = ("fr",)
MAX_DOCUMENT_ID_CHARACTERS = 256

_FRENCH = re.compile(r"fr(-[a-z0-9]{1,8})*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to answer, with nothing left unsaid."""

    offset_encoding: "pb.OffsetEncoding.ValueType"  # never OFFSET_ENCODING_UNSPECIFIED
    min_probability: float | None  # None: the model's own thresholds
    omit_text: bool


def checked_options(options: pb.ExtractOptions, *, model: str) -> Options:
    """Return the options of a request.

    Args:
        options: As sent; the empty message if none were.
        model: Name of the model that is served.

    Raises:
        Refusal: OPTION_INVALID or MODEL_UNKNOWN.
    """
    encoding = options.offset_encoding
    if encoding not in pb.OffsetEncoding.values():
        raise errors.option_invalid("options.offset_encoding", f"{encoding} is no offset encoding")
    min_probability = options.min_probability if options.HasField("min_probability") else None
    if min_probability is not None and not 0 <= min_probability <= 1:  # NaN lies between nothing
        raise errors.option_invalid("options.min_probability", "a probability lies between 0 and 1")
    check_model(options.model, served=model)
    return Options(
        offset_encoding=encoding or pb.OFFSET_ENCODING_UTF32,
        min_probability=min_probability,
        omit_text=options.omit_text,
    )


def check_model(name: str, *, served: str) -> None:
    """Let pass the name of the served model, and no name.

    Raises:
        Refusal: MODEL_UNKNOWN.
    """
    if name not in ("", served):
        raise errors.model_unknown(name)


def check_document(document: pb.Document, *, field: str, limits: Limits) -> None:
    """Let pass a document that can be read.

    Args:
        document: As sent.
        field: Its path in the request.
        limits: Of the server.

    Raises:
        Refusal: DOCUMENT_ID_TOO_LONG, TEXT_EMPTY, DOCUMENT_TOO_LONG or LANGUAGE_UNSUPPORTED.
    """
    check_id(document, field=field)
    text = document.text
    if (actual := len(text)) > limits.max_document_characters:
        raise errors.document_too_long(f"{field}.text", actual=actual, limit=limits.max_document_characters)
    if not text or text.isspace():
        raise errors.text_empty(f"{field}.text")
    if document.language_code and not _FRENCH.fullmatch(document.language_code):
        raise errors.language_unsupported(f"{field}.language_code")


def check_id(document: pb.Document, *, field: str) -> None:
    """Let pass a document whose id is short enough to be echoed, or that has none.

    Raises:
        Refusal: DOCUMENT_ID_TOO_LONG.
    """
    if (actual := len(document.id)) > MAX_DOCUMENT_ID_CHARACTERS:
        raise errors.document_id_too_long(f"{field}.id", actual=actual, limit=MAX_DOCUMENT_ID_CHARACTERS)


def check_batch_size(request: pb.BatchExtractQuotationsRequest, limits: Limits) -> None:
    """Let pass a batch of 1 to ``max_batch_documents`` documents.

    Raises:
        Refusal: BATCH_EMPTY or BATCH_TOO_LARGE.
    """
    actual = len(request.documents)
    if not actual:
        raise errors.batch_empty()
    if actual > limits.max_batch_documents:
        raise errors.batch_too_large(actual=actual, limit=limits.max_batch_documents)
