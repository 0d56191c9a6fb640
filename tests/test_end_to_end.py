"""Whole articles through a real server with the embedded model, and back."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_client import Client, DeadlineExceeded, Document, Entity, GuillemetError, InvalidRequest, ModelUnknown, Quotation
from guillemet_server.background import background_server
from guillemet_server.config import ServerConfig
from guillemet_server.logs import json_logger

ARTICLE = Path(__file__).parents[1] / "examples" / "article.txt"
GOLD = sorted((Path(__file__).parent / "gold").glob("*.jsonl"))
WAIT = 300.0
COMMAND = "from guillemet_client.cli import main; main()"

# Characters of one to four bytes, of one and two 16-bit units, combined ones, and a line end that must stay two characters.
STRANGE = "🎤 Ouf\u202f! E\u0301lise Roy 👩🏽‍🌾 l’a dit :\r\n« Ça y est\u00a0! 𝄞 », a lancé Élise Roy, maire de Gué.\r\n\r\n"


def gold_texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def texts() -> list[str]:
    """Return the example, and the first gold articles of each file: enough to see every layer at work."""
    gold = [text for path in GOLD for text in gold_texts(path)[:4]]
    article = ARTICLE.read_bytes().decode()
    return [article, STRANGE + article, *gold]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    config = ServerConfig(listen="127.0.0.1:0", drain_seconds=5.0)
    with background_server(config, log=json_logger("error")) as running:
        yield running.address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    with Client(address, timeout=WAIT) as client:
        yield client


@pytest.fixture(scope="module")
def documents(client: Client) -> list[Document]:
    return list(client.extract_iter(texts()))


@pytest.fixture
def stub(address: str) -> Iterator[pb_grpc.QuotationServiceStub]:
    with grpc.insecure_channel(address) as channel:
        yield pb_grpc.QuotationServiceStub(channel)


def run(*arguments: str, text: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run the command line."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", COMMAND, *arguments]
    return subprocess.run(command, input=text, env=environment, capture_output=True, timeout=WAIT, check=False)


def spans(document: Document) -> Iterator[tuple[Any, str | None]]:
    """Yield every span of a document with the words that the document gives for it, None where it gives none."""
    for quotation in document.quotations:
        yield from zip(quotation.spans, quotation.texts, strict=True)
        yield quotation.cue, quotation.cue_text
        yield quotation.source, quotation.source_text
    for entity in document.entities:
        yield entity.name_span, entity.name
        yield entity.role_span, entity.role
        yield entity.institution_span, entity.institution
        yield from ((mention, mention.of(document.text)) for mention in entity.mentions)


def test_every_span_is_a_stretch_of_the_callers_text(documents: list[Document]) -> None:
    for document in documents:
        assert document.quotations
        for span, words in spans(document):
            assert (span is None) == (words is None)
            if span is not None:
                assert 0 <= span.begin < span.end <= len(document.text)
                assert document.text[span.begin : span.end] == words
                assert words == words.strip()


def test_a_texts_answer_is_its_own_and_in_its_place(documents: list[Document]) -> None:
    assert [document.text for document in documents] == texts()
    assert [document.id for document in documents] == [str(index) for index in range(len(documents))]


def test_the_spans_of_a_quotation_are_in_order_and_disjoint(documents: list[Document]) -> None:
    for document in documents:
        begins = [quotation.spans[0].begin for quotation in document.quotations]
        assert begins == sorted(begins)
        for quotation in document.quotations:
            edges = [offset for span in quotation.spans for offset in span]
            assert edges == sorted(edges)


def test_a_speaker_is_an_entity_of_the_document_and_every_entity_speaks(documents: list[Document]) -> None:
    for document in documents:
        speakers = {quotation.speaker.id for quotation in document.quotations if quotation.speaker is not None}
        assert speakers == {entity.id for entity in document.entities}
        assert len(document.entities) == len(speakers), "an id stands for one entity"
        for entity in document.entities:
            assert entity.mentions
            assert entity.name


def test_probabilities_are_probabilities(documents: list[Document]) -> None:
    def stated(item: Quotation | Entity) -> list[float]:
        if isinstance(item, Entity):
            return [item.probability, item.institution_probability]
        return [item.probability, item.source_probability, item.speaker_probability]

    for document in documents:
        for item in (*document.quotations, *document.entities):
            assert all(0 <= probability <= 1 for probability in stated(item))


def test_the_article_is_attributed(documents: list[Document]) -> None:
    article = documents[0]

    named = [quotation for quotation in article.quotations if quotation.speaker is not None]
    assert len(article.quotations) >= 5
    assert len(named) >= len(article.quotations) / 2
    assert any(quotation.cue is not None and quotation.source is not None for quotation in named)


def test_one_by_one_in_a_batch_and_over_a_stream_the_answer_is_the_same(client: Client, documents: list[Document]) -> None:
    chosen = texts()[:3]

    one_by_one, batch, stream = [client.extract(text) for text in chosen], client.extract_batch(chosen), documents[:3]

    answers = [[(it.quotations, it.entities) for it in way] for way in (one_by_one, batch, stream)]
    assert answers[0] == answers[1] == answers[2]


def raw(stub: pb_grpc.QuotationServiceStub, text: str, encoding: "pb.OffsetEncoding.ValueType") -> pb.DocumentResult:
    options = pb.ExtractOptions(offset_encoding=encoding)
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=text), options=options)
    return stub.ExtractQuotations(request, timeout=WAIT).result


def raw_spans(result: pb.DocumentResult) -> list[pb.TextSpan]:
    """Return every span of an answer, in one order."""
    found: list[pb.TextSpan] = []
    for quotation in result.quotations:
        found += [*quotation.spans, quotation.cue, quotation.source]
    for entity in result.entities:
        found += [entity.name, entity.role, entity.institution, *entity.mentions]
    return found


@pytest.mark.parametrize("text", texts()[:3], ids=["article", "strange", "gold"])
def test_the_three_offset_encodings_mean_the_same_words(stub: pb_grpc.QuotationServiceStub, text: str) -> None:
    codecs = {  # bytes of a unit
        pb.OFFSET_ENCODING_UTF8: ("utf-8", 1),
        pb.OFFSET_ENCODING_UTF16: ("utf-16-le", 2),
        pb.OFFSET_ENCODING_UTF32: ("utf-32-le", 4),
    }
    reference = raw_spans(raw(stub, text, pb.OFFSET_ENCODING_UNSPECIFIED))
    assert any(span.content for span in reference)

    for encoding, (codec, width) in codecs.items():
        result = raw(stub, text, encoding)
        data = text.encode(codec)
        assert result.offset_encoding == encoding
        found = raw_spans(result)
        assert [span.content for span in found] == [span.content for span in reference]
        for span, expected in zip(found, reference, strict=True):
            assert data[width * span.begin_offset : width * span.end_offset].decode(codec) == span.content
            assert text[expected.begin_offset : expected.end_offset] == span.content


def test_a_text_of_200_000_characters_is_windowed_and_read_to_its_end(client: Client) -> None:
    articles = [text for path in GOLD for text in gold_texts(path)]
    repeated = "\n\n".join(articles * (1 + 200_000 // sum(map(len, articles))))[:200_000]

    document = client.extract(repeated)

    assert len(document.text) == 200_000
    assert document.windows > 1
    begins = [quotation.spans[0].begin for quotation in document.quotations]
    for tenth in range(10):
        assert any(20_000 * tenth <= begin < 20_000 * (tenth + 1) for begin in begins)


def test_each_bad_request_says_what_was_wrong_and_the_server_lives_on(address: str, client: Client) -> None:
    model = client.get_model()
    too_long = "a" * (model.max_document_characters + 1)

    def refused(ask: Any) -> GuillemetError:
        with pytest.raises(GuillemetError) as caught:
            ask()
        assert client.extract(STRANGE).quotations
        return caught.value

    empty = refused(lambda: client.extract(" \n\u202f"))
    assert isinstance(empty, InvalidRequest)
    assert (empty.code, empty.reason, empty.field) == ("INVALID_ARGUMENT", "TEXT_EMPTY", "document.text")

    long = refused(lambda: client.extract(too_long))
    assert isinstance(long, InvalidRequest)
    assert (long.code, long.reason, long.field) == ("INVALID_ARGUMENT", "DOCUMENT_TOO_LONG", "document.text")
    assert (long.metadata["actual"], long.metadata["limit"]) == (str(len(too_long)), str(model.max_document_characters))

    with Client(address, model="inconnu") as other:
        unknown = refused(lambda: other.extract(STRANGE))
    assert isinstance(unknown, ModelUnknown)
    assert (unknown.code, unknown.reason, unknown.metadata) == ("NOT_FOUND", "MODEL_UNKNOWN", {"model": "inconnu"})

    expired = refused(lambda: client.extract("« Oui », dit-elle. " * 20_000, timeout=0.05))
    assert isinstance(expired, DeadlineExceeded)
    assert expired.code == "DEADLINE_EXCEEDED"


def test_a_batch_above_the_limit_is_refused_whole_and_the_server_lives_on(
    stub: pb_grpc.QuotationServiceStub, client: Client
) -> None:
    limit = client.get_model().max_batch_documents
    request = pb.BatchExtractQuotationsRequest(documents=[pb.Document(text=STRANGE)] * (limit + 1))

    with pytest.raises(grpc.RpcError) as caught:
        stub.BatchExtractQuotations(request, timeout=WAIT)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(limit) in caught.value.details()
    assert "grpc-status-details-bin" in dict(caught.value.trailing_metadata())
    assert client.extract(STRANGE).quotations


def test_a_deadline_of_the_past_is_exceeded(stub: pb_grpc.QuotationServiceStub, client: Client) -> None:
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=STRANGE))

    with pytest.raises(grpc.RpcError) as caught:
        stub.ExtractQuotations(request, timeout=-1)

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert client.extract(STRANGE).quotations


def test_the_command_line_writes_a_line_a_file_in_the_order_of_the_arguments(
    address: str, client: Client, tmp_path: Path
) -> None:
    first, second = tmp_path / "b.txt", tmp_path / "a.txt"
    first.write_bytes(STRANGE.encode())
    second.write_bytes(texts()[2].encode())

    done = run("extract", "--format", "jsonl", "--server", address, str(first), str(second))

    assert (done.returncode, done.stderr) == (0, b"")
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [line["id"] for line in lines] == [str(first), str(second)]
    assert [line["text"] for line in lines] == [STRANGE, texts()[2]]
    expected = replace(client.extract(STRANGE), id=str(first)).to_json()
    assert lines[0].keys() == expected.keys()
    assert [quotation["spans"] for quotation in lines[0]["quotations"]] == [
        quotation["spans"] for quotation in expected["quotations"]
    ]
    for line in lines:
        entities = {entity["id"] for entity in line["entities"]}
        assert {quotation["speaker"] for quotation in line["quotations"]} <= {*entities, None}


def test_the_command_line_reads_standard_input_and_fails_with_one_line(address: str) -> None:
    good = run("extract", "-", "--server", address, text=STRANGE.encode())
    bad = run("extract", "-", "--server", address, text=b" \n")

    assert (good.returncode, good.stderr) == (0, b"")
    assert "Ça y est" in good.stdout.decode()
    assert (bad.returncode, bad.stdout, bad.stderr.count(b"\n")) == (1, b"", 1)
