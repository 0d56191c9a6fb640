from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2

from guillemet.v1 import quotation_pb2 as pb
from guillemet_server import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Details, Refused, Serve, Served

    Refusing = Callable[[Callable[[], object]], Refused]

TEXT = "« Nous partons », a dit Zoé Li."


def test_a_document_comes_back_with_its_quotation_its_speaker_and_what_it_cost(served: "Served") -> None:
    result = served.extract(TEXT)

    [quotation], [entity] = result.quotations, result.entities
    assert (result.document_id, result.model, result.offset_encoding) == ("d", "regex", pb.OFFSET_ENCODING_UTF32)
    assert (quotation.id, quotation.type) == ("q1", pb.QUOTATION_TYPE_DIRECT)
    assert [span.content for span in quotation.spans] == ["« Nous partons »"]
    assert (quotation.cue.content, quotation.source.content, quotation.speaker_id) == ("a dit", "Zoé Li", "e1")
    assert (entity.id, entity.kind, entity.name.content) == ("e1", pb.ENTITY_KIND_PERSON, "Zoé Li")
    assert not entity.HasField("role")
    assert not entity.HasField("institution")
    assert quotation.probability == pytest.approx(0.8)
    assert (result.stats.characters, result.stats.tokens, result.stats.windows) == (len(TEXT), 8, 1)
    assert result.stats.HasField("queue_time")
    assert result.stats.HasField("inference_time")


def test_what_the_text_does_not_say_is_absent(served: "Served") -> None:
    [quotation] = served.extract("« Nous partons »").quotations

    assert not quotation.HasField("cue")
    assert not quotation.HasField("source")
    assert not quotation.HasField("speaker_id")


def test_omitted_text_leaves_the_offsets(served: "Served") -> None:
    [quotation] = served.extract(TEXT, omit_text=True).quotations

    assert quotation.spans[0].content == ""
    assert (quotation.spans[0].begin_offset, quotation.spans[0].end_offset) == (0, 16)


def test_a_threshold_leaves_out_what_is_less_sure(served: "Served") -> None:
    # The double gives 0.8 to quotations, 0.7 to sources, 0.6 to speakers.
    [quotation] = served.extract(TEXT, min_probability=0.65).quotations
    assert (quotation.source.content, quotation.HasField("speaker_id")) == ("Zoé Li", False)
    assert served.extract(TEXT, min_probability=0.65).entities == []
    assert not served.extract(TEXT, min_probability=0.75).quotations[0].HasField("source")
    assert len(served.extract(TEXT, min_probability=0.8).quotations) == 1
    assert served.extract(TEXT, min_probability=0.81).quotations == []


@pytest.mark.parametrize("code", ["", "fr", "FR", "fr-CA", "fr-Latn-FR"])
def test_french_is_accepted_by_every_name(served: "Served", code: str) -> None:
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT, language_code=code))

    assert served.quotations.ExtractQuotations(request).result.quotations


@pytest.mark.parametrize(
    ("document", "reason", "field"),
    [
        (pb.Document(), "TEXT_EMPTY", "document.text"),
        (pb.Document(text=" \n\u00a0\u202f"), "TEXT_EMPTY", "document.text"),
        (pb.Document(text="é" * 101), "DOCUMENT_TOO_LONG", "document.text"),
        (pb.Document(text=TEXT, language_code="en"), "LANGUAGE_UNSUPPORTED", "document.language_code"),
        (pb.Document(text=TEXT, language_code="fra"), "LANGUAGE_UNSUPPORTED", "document.language_code"),
        (pb.Document(text=TEXT, id="i" * 257), "DOCUMENT_ID_TOO_LONG", "document.id"),
    ],
)
def test_a_bad_document_is_refused_with_its_reason_and_field(
    serve: "Serve", refused: "Refusing", document: pb.Document, reason: str, field: str
) -> None:
    served = serve(max_document_characters=100)

    refusal = refused(lambda: served.quotations.ExtractQuotations(pb.ExtractQuotationsRequest(document=document)))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal.details.reason, refusal.details.fields) == (reason, [field])
    assert served.lives_on()


def test_a_document_of_the_greatest_length_is_read_and_one_longer_says_both_numbers(
    serve: "Serve", refused: "Refusing"
) -> None:
    served = serve(max_document_characters=100)

    assert served.extract("𝄞" * 100).stats.characters == 100
    assert refused(lambda: served.extract("𝄞" * 101)).details.metadata == {
        "field": "document.text",
        "actual": "101",
        "limit": "100",
    }


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"min_probability": 1.5}, "options.min_probability"),
        ({"min_probability": -0.1}, "options.min_probability"),
        ({"min_probability": float("nan")}, "options.min_probability"),
        ({"offset_encoding": 9}, "options.offset_encoding"),
    ],
)
def test_a_bad_option_is_refused(served: "Served", refused: "Refusing", options: dict[str, float], field: str) -> None:
    refusal = refused(lambda: served.extract(**options))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal.details.reason, refusal.details.fields) == ("OPTION_INVALID", [field])


def test_an_unknown_model_is_not_found(served: "Served", refused: "Refusing") -> None:
    for call in (
        lambda: served.extract(model="gpt"),
        lambda: served.models.GetModel(pb.GetModelRequest(name="gpt")),
    ):
        refusal = refused(call)
        assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.NOT_FOUND, "MODEL_UNKNOWN")
        assert refusal.details.of(error_details_pb2.ResourceInfo).resource_name == "gpt"
    assert served.extract(model="regex").quotations
    # A name longer than trailers may be.
    assert refused(lambda: served.extract(model="m" * 100_000)).details.reason == "MODEL_UNKNOWN"


@pytest.mark.parametrize("name", ["", "regex"])
def test_the_model_is_described_with_the_limits_that_hold(serve: "Serve", name: str) -> None:
    model = serve(max_batch_documents=7, max_stream_documents=5).models.GetModel(pb.GetModelRequest(name=name)).model

    assert (model.name, model.version, model.runtime, model.precision) == ("regex", "1.2.3", "onnx", "float32")
    assert len(model.sha256) == 64
    assert (model.max_batch_documents, model.max_stream_documents) == (7, 5)
    assert (model.max_document_characters, model.max_request_bytes) == (1_000_000, 16 * 2**20)
    assert (model.max_batch_tokens, model.max_queue_tokens) == (16_384, 1_000_000)
    assert list(model.language_codes) == ["fr"]
    assert model.server_version == __version__


def test_a_batch_answers_in_order_and_bad_documents_fail_alone(served: "Served", unpacked: "type[Details]") -> None:
    texts = [TEXT, "", "poison", "« Oui »", "en"]
    documents = [pb.Document(id=str(index), text=text) for index, text in enumerate(texts)]
    documents[4].language_code = "en"

    items = served.quotations.BatchExtractQuotations(pb.BatchExtractQuotationsRequest(documents=documents)).items

    assert [item.WhichOneof("outcome") for item in items] == ["result", "error", "error", "result", "error"]
    assert [items[0].result.document_id, items[3].result.document_id] == ["0", "3"]
    assert items[3].result.quotations[0].spans[0].content == "« Oui »"
    assert (unpacked(items[1].error).reason, unpacked(items[1].error).fields) == ("TEXT_EMPTY", ["documents[1].text"])
    assert unpacked(items[2].error).reason == "INTERNAL"
    assert unpacked(items[4].error).fields == ["documents[4].language_code"]
    assert served.lives_on()


def test_a_batch_of_bad_documents_alone_is_answered(served: "Served") -> None:
    items = served.quotations.BatchExtractQuotations(pb.BatchExtractQuotationsRequest(documents=[pb.Document()] * 2)).items

    assert [item.WhichOneof("outcome") for item in items] == ["error", "error"]


def test_a_batch_is_refused_when_it_has_no_document_or_too_many(serve: "Serve", refused: "Refusing") -> None:
    served = serve(max_batch_documents=2)

    def batch(size: int) -> object:
        documents = [pb.Document(text=TEXT)] * size
        return served.quotations.BatchExtractQuotations(pb.BatchExtractQuotationsRequest(documents=documents))

    empty, large = refused(lambda: batch(0)), refused(lambda: batch(3))
    assert (empty.code, empty.details.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "BATCH_EMPTY")
    assert (large.code, large.details.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "BATCH_TOO_LARGE")
    assert large.details.metadata == {"field": "documents", "actual": "3", "limit": "2"}
    assert len(batch(2).items) == 2


def test_a_failure_gives_the_caller_an_id_that_the_log_knows_and_nothing_else(served: "Served", refused: "Refusing") -> None:
    refusal = refused(lambda: served.extract("poison and more"))

    request_id = refusal.details.of(error_details_pb2.RequestInfo).request_id
    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert refusal.details.metadata == {"request_id": request_id}
    assert served.lives_on()
    log = served.log.getvalue()
    assert request_id in log
    assert "ValueError" in log
    assert "poison" not in log + refusal.details.message


def test_messages_up_to_the_limit_pass_and_one_byte_more_does_not(serve: "Serve") -> None:
    served = serve(max_document_characters=100, max_request_bytes=4_000)
    request = pb.ExtractQuotationsRequest(document=pb.Document(text="a"))

    def padded(size: int) -> pb.ExtractQuotationsRequest:
        # Unknown fields count too: pad with the language, whose check comes later.
        request.document.language_code = "e" * (size - 9)
        request.document.language_code += "e" * (size - request.ByteSize())
        assert request.ByteSize() == size
        return request

    with pytest.raises(grpc.RpcError) as below:
        served.quotations.ExtractQuotations(padded(4_000))
    with pytest.raises(grpc.RpcError) as above:
        served.quotations.ExtractQuotations(padded(4_001))

    assert below.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert above.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert served.lives_on()


def test_an_answer_too_large_to_send_is_refused_with_a_reason(serve: "Serve", refused: "Refusing") -> None:
    served = serve(max_document_characters=900, max_request_bytes=6_000)

    refusal = refused(lambda: served.extract("«»" * 450))

    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ANSWER_TOO_LARGE")
    assert served.lives_on()
