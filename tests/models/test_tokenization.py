"""Tokens know their characters, whatever the characters are."""

import itertools
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guillemet_models.document import Span
from guillemet_models.tokenization import FEATURE_SIZES, TextTokenizer, TokenizedText, windows
from guillemet_models.weights import TOKENIZER, embedded_folder

ODD_TEXTS = [
    "",
    " ",
    "\n\n",
    "\u0301",
    "\u0301été",
    "e\u0301te\u0301",
    "a\u0323\u0307\u0301b",
    "\u1100\u1161\u11a8",
    "👩🏽\u200d🚒 dit « 🇫🇷 »",
    "« Oui\u00a0», dit-il\u202f!\u2009Bien",
    "Un\r\nDeux\rTrois\u2028Quatre\x85",
    "\ufeffBonjour\u200b",
    "\x00\x1f",
    "L’été, l'été",
    "ﬁn ① ㎏ Å",
]
ODD_CHARACTERS = st.text(
    st.one_of(
        st.sampled_from("ae« »“”\"’'\n\r.\u00a0\u202f\u0301\u0323\u0307👩🏽\u200d🚒\u1100\u1161"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)


@pytest.fixture(scope="session", params=["tiny", "embedded"])
def tokenizer(request: pytest.FixtureRequest, tiny_tokenizer: TextTokenizer) -> TextTokenizer:
    """Return each tokenizer at hand: that of the tests, and that of the model in the package where there is one."""
    path: Path = embedded_folder() / TOKENIZER
    return TextTokenizer(path) if request.param == "embedded" and path.exists() else tiny_tokenizer


def check(text: str, tokenized: TokenizedText) -> None:
    assert tokenized.text == text
    begins, ends = tokenized.begins.tolist(), tokenized.ends.tolist()
    assert all(0 <= begin < end <= len(text) for begin, end in zip(begins, ends, strict=True))
    assert begins == sorted(begins)
    assert ends == sorted(ends)
    if unicodedata.is_normalized("NFC", text):
        covered = {position for begin, end in zip(begins, ends, strict=True) for position in range(begin, end)}
        assert all(position in covered for position, character in enumerate(text) if character.isalnum())
    assert tokenized.features.shape == (len(tokenized), len(FEATURE_SIZES))
    assert ((tokenized.features >= 0) & (tokenized.features < FEATURE_SIZES)).all()
    for column in (tokenized.sentences, tokenized.paragraphs):
        assert column.shape == (len(tokenized),)
        assert column.tolist() == sorted(column.tolist())


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_tokens_of_odd_texts_lie_in_them_in_order(tokenizer: TextTokenizer, text: str) -> None:
    check(text, tokenizer(text))


@given(text=ODD_CHARACTERS)
def test_tokens_of_any_text_lie_in_it_in_order(tokenizer: TextTokenizer, text: str) -> None:
    check(text, tokenizer(text))


@given(text=ODD_CHARACTERS, data=st.data())
def test_the_tokens_of_a_span_hold_its_words(tokenizer: TextTokenizer, text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    tokenized = tokenizer(text)

    touched = tokenized.tokens(Span(begin, end))

    words = [position for position in range(begin, end) if text[position].isalnum()]
    if words and unicodedata.is_normalized("NFC", text):
        assert touched is not None
        assert tokenized.characters(*touched).contains(Span(words[0], words[-1] + 1))


def test_gold_spans_come_back_from_their_tokens(tokenizer: TextTokenizer, gold_documents: list[dict[str, Any]]) -> None:
    for document in gold_documents:
        tokenized = tokenizer(document["text"])
        for quotation in document["quotations"]:
            for span in quotation["spans"]:
                touched = tokenized.tokens(Span(*span))
                assert touched is not None
                assert tokenized.characters(*touched).contains(Span(*span))


def test_a_span_of_no_token_has_none(tokenizer: TextTokenizer) -> None:
    assert tokenizer("Oui\u00a0\u00a0non").tokens(Span(0, 0)) is None
    assert tokenizer("").tokens(Span(0, 0)) is None


def test_an_empty_text_has_no_tokens(tokenizer: TextTokenizer) -> None:
    tokenized = tokenizer("")

    assert len(tokenized) == 0
    assert tokenized.features.shape == (0, len(FEATURE_SIZES))
    assert tokenizer.count("") == 0


@given(text=ODD_CHARACTERS)
def test_tokens_are_counted_as_they_are_made(tokenizer: TextTokenizer, text: str) -> None:
    assert tokenizer.count(text) == len(tokenizer(text))


def test_a_long_text_is_not_cut(tokenizer: TextTokenizer) -> None:
    tokenized = tokenizer("mot " * 30_000)

    assert len(tokenized) >= 30_000
    assert tokenized.ends[-1] >= 4 * 30_000 - 1


def test_white_space_before_a_word_is_no_part_of_it(tokenizer: TextTokenizer) -> None:
    text = "Il dit « oui »"
    tokenized = tokenizer(text)

    first, last = tokenized.tokens(Span(7, 14)) or (0, 0)

    assert tokenized.characters(first, last).of(text) == "« oui »"


@given(text=ODD_CHARACTERS, data=st.data())
def test_no_word_is_cut(tokenizer: TextTokenizer, text: str, data: st.DataObject) -> None:
    tokenized = tokenizer(text)
    assume(len(tokenized))
    last = data.draw(st.integers(0, len(tokenized) - 1))
    first = data.draw(st.integers(0, last))

    span = tokenized.characters(first, last)

    assert span.contains(Span(int(tokenized.begins[first]), int(tokenized.ends[last])))
    for place in span:
        assert not (0 < place < len(text) and text[place - 1].isalpha() and text[place].islower())


def test_each_token_stands_for_its_word(tokenizer: TextTokenizer) -> None:
    text = "Depuis octobreSelon elle l'indignée"
    tokenized = tokenizer(text)

    words = {tokenized.characters(token, token).of(text) for token in range(len(tokenized))}

    assert words >= {"Depuis", "octobre", "Selon", "elle", "indignée"}


def test_typographic_variants_make_the_same_tokens(tokenizer: TextTokenizer) -> None:
    assert tokenizer("l’« été\u00a0»").ids.tolist() == tokenizer("l'« e\u0301te\u0301 »").ids.tolist()


@given(
    lines=st.lists(st.sampled_from(["« Oui »", "dit-il.", "", "“Non, « pas ça” »", "— Ah bon ? dit-elle", "été"]), max_size=6)
)
@pytest.mark.parametrize(("line_break", "read_as"), [("\r\n", "\n"), ("\r", "\n"), ("\u2028", "\n"), ("\t", " ")])
def test_other_white_space_changes_places_alone(
    tokenizer: TextTokenizer, lines: list[str], line_break: str, read_as: str
) -> None:
    odd, even = tokenizer(line_break.join(lines)), tokenizer(read_as.join(lines))

    for name in ("ids", "features", "sentences", "paragraphs"):
        assert getattr(odd, name).tolist() == getattr(even, name).tolist()
    assert odd.text == line_break.join(lines)
    assert len(odd.depths) == len(odd.text)
    for token in range(len(odd)):
        one, other = (it.characters(token, token).of(it.text) for it in (odd, even))
        assert one.replace(line_break, read_as) == other
    for one, other in ((odd.opens, even.opens), (odd.closes, even.closes)):
        assert one.keys() == other.keys()
    for token in odd.opens:
        assert odd.text[odd.opens[token]] == even.text[even.opens[token]]
    for token in odd.closes:
        assert odd.text[odd.closes[token] - 1] == even.text[even.closes[token] - 1]


@pytest.mark.parametrize("word", ["e\u0301te\u0301", "re\u0301ve\u0301le\u0301", "c\u0327a\u0300", "x\u0301", "a\u0323\u0307"])
def test_a_word_with_its_accents_apart_keeps_the_last_of_them(tokenizer: TextTokenizer, word: str) -> None:
    text = f"Il a {word} hier"
    tokenized = tokenizer(text)

    touched = tokenized.tokens(Span(5, 5 + len(word)))

    assert touched is not None
    assert tokenized.characters(*touched).of(text) == word


def test_features_tell_marks_depth_dialogue_and_paragraphs(tokenizer: TextTokenizer) -> None:
    text = "A « B “C” »\n– Demain"
    tokenized = tokenizer(text)

    def features(character: str) -> list[int]:
        place = text.index(character)
        touched = tokenized.tokens(Span(place, place + 1))
        assert touched is not None
        values: list[int] = tokenized.features[touched[0]].tolist()
        return values

    assert features("A") == [0, 0, 0, 1]
    assert features("B") == [1, 0, 0, 0]
    assert features("C") == [2, 0, 0, 0]
    assert features("«")[:2] == [1, 1]
    assert features("»")[:2] == [1, 2]
    assert features("–") == [0, 0, 0, 1]
    assert features("D") == [0, 0, 1, 0]


def test_sentences_and_paragraphs_are_counted(tokenizer: TextTokenizer) -> None:
    tokenized = tokenizer("Un. Deux ! Trois\nQuatre")

    assert len(set(tokenized.sentences.tolist())) == 4
    assert len(set(tokenized.paragraphs.tolist())) == 2


@given(length=st.integers(0, 400), size=st.integers(2, 60), data=st.data())
def test_windows_cover_everything_and_share_the_overlap(length: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))

    cut = list(windows(length, size, overlap))

    assert cut[0].start == 0
    assert cut[-1].stop == length
    assert all(window.stop - window.start == (size if len(cut) > 1 else length) for window in cut)
    for before, after in itertools.pairwise(cut):
        assert before.start < after.start
        assert before.stop - after.start >= overlap
