from hypothesis import given
from hypothesis import strategies as st

from guillemet.v1 import quotation_pb2 as pb
from guillemet_models.document import Document, Quotation, QuotationType, Span
from guillemet_server.messages import fill_result
from guillemet_server.offsets import OffsetTable
from guillemet_server.validation import Options
from guillemet_server.waiting import Reading

CODECS = {
    pb.OFFSET_ENCODING_UTF8: ("utf-8", 1),
    pb.OFFSET_ENCODING_UTF16: ("utf-16-le", 2),
    pb.OFFSET_ENCODING_UTF32: ("utf-32-le", 4),
}
# What French texts hold, and what breaks offsets: emoji of several code points, NFD, CRLF, spaces before », apostrophes, BOM.
PIECES = ["a", "é", "e\u0301", "\r\n", "\u00a0", "\u202f", "« ", " »", "’", "👩‍🔬", "🇫🇷", "𝄞", "\ufeff", "œ", "€", "\0"]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=30).map(
    "".join
)


@given(st.data(), TEXTS, st.sampled_from(list(CODECS)))
def test_offsets_cut_the_same_words_out_of_the_encoded_text(data: st.DataObject, text: str, encoding: int) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    codec, width = CODECS[encoding]
    table = OffsetTable(text, encoding)

    cut = text.encode(codec)[width * table[begin] : width * table[end]]

    assert cut.decode(codec) == text[begin:end]


@given(st.data(), TEXTS.filter(bool), st.sampled_from(list(CODECS)))
def test_spans_of_an_answer_cut_their_content_out_of_the_encoded_text(data: st.DataObject, text: str, encoding: int) -> None:
    begin = data.draw(st.integers(0, len(text) - 1))
    span = Span(begin, data.draw(st.integers(begin + 1, len(text))))
    quotation = Quotation(
        id="q1",
        type=QuotationType.MIXED,
        spans=(span,),
        cue=None,
        source=None,
        speaker=None,
        probability=1.0,
        source_probability=1.0,
        speaker_probability=1.0,
    )
    document = Document(text=text, quotations=(quotation,), entities=())
    options = Options(offset_encoding=encoding, min_probability=None, omit_text=False)

    result = pb.DocumentResult()
    fill_result(result, "", Reading(document=document), options, model="m")

    [sent] = result.quotations[0].spans
    codec, width = CODECS[encoding]
    assert sent.content == text[span.begin : span.end]
    assert text.encode(codec)[width * sent.begin_offset : width * sent.end_offset] == sent.content.encode(codec)
    assert result.offset_encoding == encoding
