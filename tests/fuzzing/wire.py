"""The boundary of the service: bytes as messages, messages that are nearly right, and what is no gRPC at all."""

import io
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from fuzzing.random_model import random_extractor
from fuzzing.texts import text_of
from guillemet.v1 import quotation_pb2 as pb
from guillemet_server.background import background_server
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.logs import json_logger

WAIT = 30.0
TEXT = "« Nous partons », a dit Zoé Li."
NEVER_LOGGED = "Zoé"

_SERVICE = "/guillemet.v1.QuotationService/"
UNARY, BATCH, STREAM, MODEL = (
    f"{_SERVICE}ExtractQuotations",
    f"{_SERVICE}BatchExtractQuotations",
    f"{_SERVICE}StreamExtractQuotations",
    "/guillemet.v1.ModelService/GetModel",
)
_REQUESTS: dict[str, type[Message]] = {
    UNARY: pb.ExtractQuotationsRequest,
    BATCH: pb.BatchExtractQuotationsRequest,
    STREAM: pb.StreamExtractQuotationsRequest,
    MODEL: pb.GetModelRequest,
}
_ENCODINGS = {pb.OFFSET_ENCODING_UTF8: "utf-8", pb.OFFSET_ENCODING_UTF16: "utf-16-le", pb.OFFSET_ENCODING_UTF32: "utf-32-le"}
_UNIT_BYTES = {"utf-8": 1, "utf-16-le": 2, "utf-32-le": 4}
_REFUSED_BY_GRPC = {grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNKNOWN}

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADERS, _DATA, _SETTINGS = 1, 0, 4
_CONTENT_TYPES = (
    b"application/grpc",
    b"application/grpc+proto",
    b"application/grpc+json",
    b"application/json",
    b"text/plain; charset=utf-16",
    b"",
    b"application/grpc\x00",
    b"a" * 4096,
)


class Wire:
    """A real server on loopback, with a model of random weights, and what is sent to it."""

    def __init__(self, address: str, log: io.StringIO) -> None:
        self._address = address
        self._log = log
        self._channel = grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)])
        self._ways: tuple[Callable[[bytes], int], ...] = (self.send_raw, self.send_mutated, self.send_mutated, self.send_frames)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def __call__(self, data: bytes) -> int:
        """Send what `data` stands for; return how many bytes that were.

        Raises:
            AssertionError: The server breaks a promise.
        """
        return self._ways[data[0] % len(self._ways)](data[1:]) if data else self.send_raw(b"")

    def check_alive(self) -> None:
        """Ask what anybody may ask, and look into the log.

        Raises:
            AssertionError: It is not answered.
        """
        request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
        assert self._ask(UNARY, request.SerializeToString()) is grpc.StatusCode.OK
        assert NEVER_LOGGED not in self._log.getvalue(), "a text in the log"
        self._log.seek(0)
        self._log.truncate()

    def send_raw(self, data: bytes) -> int:
        """Send bytes as a message."""
        method, message = (list(_REQUESTS)[data[0] % len(_REQUESTS)], data[1:]) if data else (UNARY, b"")
        self._ask(method, message)
        return len(message)

    def send_mutated(self, data: bytes) -> int:
        """Send a message that is right but for some bytes."""
        if len(data) < 8:
            return self.send_raw(data)
        kind, encoding, cut, place, value, size, flags, fault = data[:8]
        options = pb.ExtractOptions(omit_text=bool(flags & 1), model="x" * (size == 255))
        options.offset_encoding = encoding % 5  # 4 is none
        if flags & 2:
            options.min_probability = struct.unpack("<f", struct.pack("<I", value * 0x01010101))[0]
        text = text_of(data[8:]).encode("utf-8", "replace").decode()
        one = pb.Document(id="d" * (size % 260), text=text, language_code="fr" if flags & 4 else "")
        method = list(_REQUESTS)[kind % len(_REQUESTS)]
        if method == UNARY:
            message = pb.ExtractQuotationsRequest(document=one, options=options).SerializeToString()
        elif method == BATCH:
            message = pb.BatchExtractQuotationsRequest(documents=[one] * (cut % 10), options=options).SerializeToString()
        elif method == STREAM:
            message = pb.StreamExtractQuotationsRequest(document=one).SerializeToString()
        else:
            message = pb.GetModelRequest(name=text[:8]).SerializeToString()
        match fault % 8:
            case 0:  # the end is missing
                message = message[: len(message) * cut // 255]
            case 1:  # a byte is another
                middle = len(message) * place // 255
                message = message[:middle] + bytes([value]) + message[middle + 1 :]
            case 2:  # fields that nobody knows, or what only looks like one
                message += bytes([value, size, cut]) + data[8:24]
            case 3:  # a length beyond all memory
                message += b"\x0a" + b"\xff" * (size % 10) + b"\x0f"
        self._ask(method, message)
        return len(message)

    def send_frames(self, data: bytes) -> int:
        """Send frames of HTTP/2 that no gRPC library would: wrong types, lengths, flags and contents."""
        head, rest = data[:6].ljust(6, b"\0"), data[6:]
        path = list(_REQUESTS)[head[0] % len(_REQUESTS)].encode() if head[0] < 200 else rest[:32]
        headers = _literal(b":method", b"POST" if head[1] < 230 else b"GET") + _literal(b":scheme", b"http")
        headers += _literal(b":path", path) + _literal(b":authority", b"localhost")
        headers += _literal(b"content-type", _CONTENT_TYPES[head[2] % len(_CONTENT_TYPES)])
        if head[3] & 1:
            headers += _literal(b"te", b"trailers")
        if head[3] & 2:
            headers += _literal(b"grpc-encoding", b"gzip" if head[3] & 4 else rest[:8])
        if head[3] & 8:
            headers += _literal(b"grpc-timeout", rest[:10])
        length = len(rest) if head[4] < 128 else int.from_bytes(head[1:5], "big")
        body = bytes([head[4] & 1]) + struct.pack(">I", length) + rest
        sent = _PREFACE if head[5] else rest[:24]
        sent += _frame(_SETTINGS, 0, 0, b"") + _frame(_HEADERS, 4, 1, headers) + _frame(_DATA, head[5] & 1, 1, body)
        if head[5] & 2:
            sent += _frame(rest[0] if rest else 0, head[3], head[4], rest)  # any frame on any stream
        if head[5] & 4:
            sent += rest  # and no frame
        host, port = self._address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=WAIT) as connection:
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except ConnectionError:  # the server hung up, as it may
                pass
        return len(sent)

    def _ask(self, method: str, message: bytes) -> grpc.StatusCode:
        """Send a message and look at all of the answer."""
        request = _parsed(method, message)
        code, answers = self._answered(method, message)
        if code is None:
            assert request is not None, "bytes that are no message were answered"
            for answer in answers:
                _check_answer(request, answer)
            return grpc.StatusCode.OK
        if code.code() in _REFUSED_BY_GRPC and request is None:
            return code.code()
        _check_refusal(code)
        return code.code()

    def _answered(self, method: str, message: bytes) -> tuple[grpc.RpcError | None, list[bytes]]:
        try:
            if method == STREAM:
                return None, list(self._channel.stream_stream(method)(iter([message]), timeout=WAIT))
            return None, [self._channel.unary_unary(method)(message, timeout=WAIT)]
        except grpc.RpcError as error:
            return error, []


@contextmanager
def served() -> Iterator[Wire]:
    """Run a server on loopback, and yield what sends to it."""
    log = io.StringIO()
    limits = Limits(max_document_characters=2000, max_batch_documents=8, max_request_bytes=2**16)
    config = ServerConfig(listen="127.0.0.1:0", limits=limits, threads=1)
    with ExitStack() as stack:
        running = stack.enter_context(
            background_server(config, log=json_logger("debug", log), load=lambda: random_extractor(1, outside=8.0))
        )
        wire = Wire(running.address, log)
        stack.callback(wire.close)
        yield wire


def _parsed(method: str, message: bytes) -> Message | None:
    """Return the message, or None if it is none."""
    try:
        return _REQUESTS[method].FromString(message)
    except DecodeError:
        return None


def _check_refusal(error: grpc.RpcError) -> None:
    """Look for what every refusal carries."""
    status = rpc_status.from_call(error)
    assert status is not None, (error.code(), error.details())
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert info.domain == "guillemet"
    assert info.reason not in ("", "INTERNAL"), status


def _check_answer(request: Message, answer: bytes) -> None:
    """Look at every span of what was found."""
    if isinstance(request, pb.ExtractQuotationsRequest):
        _check_result(pb.ExtractQuotationsResponse.FromString(answer).result, request.document.text)
    elif isinstance(request, pb.BatchExtractQuotationsRequest):
        items = pb.BatchExtractQuotationsResponse.FromString(answer).items
        for item, document in zip(items, request.documents, strict=True):
            if item.HasField("result"):
                _check_result(item.result, document.text)
    elif isinstance(request, pb.StreamExtractQuotationsRequest):
        response = pb.StreamExtractQuotationsResponse.FromString(answer)
        if response.HasField("result"):
            _check_result(response.result, request.document.text)


def _check_result(result: pb.DocumentResult, text: str) -> None:
    encoding = _ENCODINGS[result.offset_encoding]
    data, unit = text.encode(encoding), _UNIT_BYTES[encoding]
    spans = [span for it in result.quotations for span in (*it.spans, *_present(it, "cue", "source"))]
    spans += [span for it in result.entities for span in (it.name, *it.mentions, *_present(it, "role", "institution"))]
    for span in spans:
        assert span.begin_offset < span.end_offset <= len(data) // unit
        words = data[span.begin_offset * unit : span.end_offset * unit].decode(encoding)
        assert span.content in ("", words)
    assert {it.speaker_id for it in result.quotations if it.HasField("speaker_id")} <= {it.id for it in result.entities}


def _present(message: Message, *names: str) -> list[pb.TextSpan]:
    return [getattr(message, name) for name in names if message.HasField(name)]


def _literal(name: bytes, value: bytes) -> bytes:
    """Return a header field of HPACK, literal and not indexed (RFC 7541, 6.2.2)."""
    return b"\x00" + _string(name) + _string(value)


def _string(value: bytes) -> bytes:
    length, prefix = len(value), bytearray()
    if length < 127:
        return bytes([length]) + value
    prefix.append(127)
    length -= 127
    while length >= 128:
        prefix.append(length % 128 + 128)
        length //= 128
    return bytes([*prefix, length]) + value


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return a frame of HTTP/2 (RFC 9113, 4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind & 0xFF, flags & 0xFF]) + struct.pack(">I", stream) + payload
