"""What both clients send, and what they make of the answers, without any input or output."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from guillemet.v1 import quotation_pb2 as pb
from guillemet_client._errors import GuillemetError, InvalidRequest, ServerFault, from_status
from guillemet_client._messages import from_result, to_document
from guillemet_client._types import Document, Model

Outcome: TypeAlias = Document | GuillemetError
OnError: TypeAlias = Literal["raise", "return"]

# Of a document within a request: the field's tag and the length before it.
_FRAME_BYTES = 6
# As a server weighs a text before it is tokenized (`Model.max_queue_tokens` in the contract).
_CHARACTERS_PER_TOKEN = 4


def to_request(text: str, options: pb.ExtractOptions, *, max_message_bytes: int) -> pb.ExtractQuotationsRequest:
    """Return the request for one text.

    Raises:
        InvalidRequest: The text is not Unicode, or too large for one message.
    """
    request = pb.ExtractQuotationsRequest(document=to_document(text), options=options)
    check_size(request.ByteSize(), max_message_bytes=max_message_bytes)
    return request


def check_size(actual: int, *, max_message_bytes: int, index: int | None = None) -> None:
    """Let pass a message that can be sent: gRPC would call a larger one an overload.

    Raises:
        InvalidRequest: It is larger than `max_message_bytes`.
    """
    if actual > max_message_bytes:
        raise InvalidRequest(
            f"the message has {actual:,} bytes; at most {max_message_bytes:,} are sent",
            code="INVALID_ARGUMENT",
            reason="MESSAGE_TOO_LARGE",
            metadata={"actual": str(actual), "limit": str(max_message_bytes)},
            field="document.text" if index is None else f"documents[{index}].text",
            index=index,
        )


def check_many(texts: object, errors: str) -> None:
    """Refuse what is surely a mistake.

    Raises:
        TypeError: `texts` is one text, whose characters would be taken for texts.
        ValueError: `errors` is no way to report them.
    """
    if isinstance(texts, str):
        raise TypeError("one text was given where several are taken: use extract(), or a list")
    if errors not in ("raise", "return"):
        raise ValueError(f'errors must be "raise" or "return", not {errors!r}')


class Batch:
    """Texts on their way through as many batch requests as the server's limits ask for.

    Args:
        texts: In the order of the answers.
        options: For all of them.
        model: Its limits.
        max_message_bytes: Of the client.
        errors: "raise": the first one found ends the batch.

    Raises:
        GuillemetError: A text cannot be sent, and `errors` is "raise".
    """

    def __init__(
        self, texts: Sequence[str], options: pb.ExtractOptions, model: Model, *, max_message_bytes: int, errors: OnError
    ) -> None:
        self._texts = texts
        self._options = options
        self._max_documents = model.max_batch_documents
        # More than the queue may hold would have to wait until it is empty.
        self._max_tokens = model.max_queue_tokens
        self._max_bytes = min(model.max_request_bytes, max_message_bytes)
        self._errors = errors
        self._outcomes: dict[int, Outcome] = {}
        self._documents = list(self._sendable())

    def requests(self) -> Iterator[pb.BatchExtractQuotationsRequest]:
        """Yield the requests; each answer goes to `receive`."""
        overhead = self._options.ByteSize() + _FRAME_BYTES
        part: list[pb.Document] = []
        n_bytes, n_tokens = overhead, 0
        for document in self._documents:
            document_bytes = document.ByteSize() + _FRAME_BYTES
            document_tokens = 1 + len(document.text) // _CHARACTERS_PER_TOKEN
            if part and (
                len(part) == self._max_documents
                or n_bytes + document_bytes > self._max_bytes
                or n_tokens + document_tokens > self._max_tokens
            ):
                yield pb.BatchExtractQuotationsRequest(documents=part, options=self._options)
                part, n_bytes, n_tokens = [], overhead, 0
            part.append(document)
            n_bytes += document_bytes
            n_tokens += document_tokens
        if part:
            yield pb.BatchExtractQuotationsRequest(documents=part, options=self._options)

    def receive(self, request: pb.BatchExtractQuotationsRequest, response: pb.BatchExtractQuotationsResponse) -> None:
        """Take the answer to one of the requests.

        Raises:
            GuillemetError: A document was refused, and errors are raised.
            ServerFault: The answer breaks the contract.
        """
        if len(response.items) != len(request.documents):
            raise ServerFault(
                f"{len(request.documents)} documents were sent, {len(response.items)} answers came", code="INTERNAL"
            )
        for document, item in zip(request.documents, response.items, strict=True):
            index = int(document.id)
            if item.HasField("error"):
                self._fail(index, from_status(item.error, index=index))
            else:
                self._outcomes[index] = from_result(item.result, self._texts[index], index=index)

    def outcomes(self) -> list[Outcome]:
        """Return what became of each text, in order."""
        return [self._outcomes[index] for index in range(len(self._texts))]

    def _sendable(self) -> Iterable[pb.Document]:
        for index, text in enumerate(self._texts):
            try:
                document = to_document(text, index=index)
                size = document.ByteSize() + self._options.ByteSize() + 2 * _FRAME_BYTES
                check_size(size, max_message_bytes=self._max_bytes, index=index)
            except InvalidRequest as error:
                self._fail(index, error)
            else:
                yield document

    def _fail(self, index: int, error: GuillemetError) -> None:
        if self._errors == "raise":
            raise error
        self._outcomes[index] = error
