"""Text -> tokens that know their characters and whether they stand in quotation marks, and windows of them."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from guillemet_models.characters import code_points, ends_sentence, is_accent, is_letter, is_small, is_space
from guillemet_models.document import Span
from guillemet_models.segmentation import Boundary, Region, paragraphs, quoted_regions

# Texts come one at a time: threads of its own gain nothing, and the library warns of them in every fork.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# How many values each feature of a token takes: depth in marks, at a mark, after a dialogue dash, first of its paragraph.
FEATURE_SIZES = (3, 3, 2, 2)
# White space that models seldom saw, and what they saw instead; of "\r\n" the "\r" is not read.
_ODD_SPACE = re.compile("[\t\v\f\r\x85\u2028\u2029]")
_EVEN_SPACE = {ord("\t"): " "} | dict.fromkeys(map(ord, "\v\f\r\x85\u2028\u2029"), "\n")
# Nobody stacks more accents or writes longer words; without bounds each token of a text of accents alone, or of one word, would
# hold all that follows it, and the time that takes would grow with the square of the text.
_MOST_ACCENTS = 8
_LONGEST_REST = 64


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """The tokens of a whole text, however long."""

    text: str
    ids: NDArray[np.int64]  # (n,)
    begins: NDArray[np.int64]  # (n,), first character, white space before a word left out
    ends: NDArray[np.int64]  # (n,)
    words: NDArray[np.int64]  # (n, 2), the same with the rest of the words that the token is of
    features: NDArray[np.int64]  # (n, len(FEATURE_SIZES))
    sentences: NDArray[np.int64]  # (n,), index of the sentence, never falling
    paragraphs: NDArray[np.int64]  # (n,), index of the paragraph, never falling
    depths: NDArray[np.int64]  # (characters,), of quotation marks around each character
    opens: dict[int, int]  # token at a region's begin -> the region's first character
    closes: dict[int, int]  # token at a region's end -> the character behind the region

    def __len__(self) -> int:
        return len(self.ids)

    def characters(self, first: int, last: int) -> Span:
        """Return the characters of the tokens from `first` to `last`, both included, with the rest of a word that they cut."""
        return Span(int(self.words[first, 0]), int(self.words[last, 1]))

    def tokens(self, span: Span) -> tuple[int, int] | None:
        """Return the first and the last token that `span` touches, or None if it touches none."""
        first = int(np.searchsorted(self.ends, span.begin, side="right"))
        last = int(np.searchsorted(self.begins, span.end, side="left")) - 1
        return (first, last) if first <= last else None


class TextTokenizer:
    """The tokenizer of a model folder."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()

    @property
    def mask_id(self) -> int:
        """Id of the token that hides another.

        Raises:
            ValueError: The tokenizer has none.
        """
        for token in ("[MASK]", "<mask>"):
            if (found := self._tokenizer.token_to_id(token)) is not None:
                return int(found)
        raise ValueError("the tokenizer has no mask token, [MASK] or <mask>")

    def count(self, text: str) -> int:
        """Return how many tokens `text` has.

        Raises:
            ValueError: As `__call__` does.
        """
        return len(self._encoding(_evenly_spaced(text)).ids)

    def __call__(self, text: str) -> TokenizedText:
        """Tokenize `text`, which is never cut or rewritten; tabs and other systems' line breaks are read as spaces and breaks.

        Raises:
            ValueError: The text holds half of a surrogate pair, which stands for no character.
        """
        if not _ODD_SPACE.search(text):
            return self._tokenized(text)
        read = self._tokenized(_evenly_spaced(text))
        codes = code_points(text)
        kept = np.flatnonzero(np.append((codes[:-1] != ord("\r")) | (codes[1:] != ord("\n")), True))
        begins, ends = np.append(kept, len(text)), np.append(0, kept + 1)  # in `text`, of what is read
        return replace(
            read,
            text=text,
            begins=begins[read.begins],
            ends=ends[read.ends],
            words=np.stack([begins[read.words[:, 0]], ends[read.words[:, 1]]], axis=1),
            depths=read.depths[np.searchsorted(kept, np.arange(len(text)))],
            opens={token: int(begins[place]) for token, place in read.opens.items()},
            closes={token: int(ends[place]) for token, place in read.closes.items()},
        )

    def _tokenized(self, text: str) -> TokenizedText:
        encoding = self._encoding(text)
        ids = np.array(encoding.ids, dtype=np.int64)
        codes = code_points(text)
        begins, ends = _stripped(codes, np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2))
        regions = quoted_regions(text)
        depths = _depths(len(text), regions)
        blocks = np.searchsorted([block.begin for block in paragraphs(text)], begins, side="right")
        marked = [region.span for region in regions if region.boundary is Boundary.MARKS]
        firsts = np.searchsorted(ends, [span.begin for span in marked], side="right").tolist()
        lasts = (np.searchsorted(begins, [span.end for span in marked], side="left") - 1).tolist()
        return TokenizedText(
            text=text,
            ids=ids,
            begins=begins,
            ends=ends,
            words=_whole_words(codes, begins, ends),
            features=_features(begins, ends, blocks, depths, regions),
            sentences=_sentences(codes, ends, blocks),
            paragraphs=blocks,
            depths=depths,
            opens={first: span.begin for first, span in zip(firsts, marked, strict=True)},
            closes={last: span.end for last, span in zip(lasts, marked, strict=True)},
        )

    def _encoding(self, text: str) -> Encoding:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"the text holds a lone surrogate at character {error.start}; Unicode text is accepted") from None
        # Of its two methods the one for batches lets other threads of Python go on meanwhile.
        (encoding,) = self._tokenizer.encode_batch([text], add_special_tokens=False)
        return encoding


def _evenly_spaced(text: str) -> str:
    return text.replace("\r\n", "\n").translate(_EVEN_SPACE)


def windows(length: int, size: int, overlap: int) -> Iterator[slice]:
    """Yield windows of at most `size` tokens that cover `length` tokens, neighbours sharing at least `overlap`.

    All windows but a lone one are `size` long: the last is moved back rather than left short of context.
    """
    if length <= size:
        yield slice(0, length)
        return
    step = size - overlap
    for begin in range(0, length - overlap, step):
        begin = min(begin, length - size)  # noqa: PLW2901
        yield slice(begin, begin + size)


def _whole_words(codes: NDArray[np.uint32], begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``(n, 2)``: where the words begin and end that stretches of characters begin and end in.

    No word goes on with a capital: « octobreSelon », as texts have it that lost a space, are two.
    """
    places = np.arange(len(codes) + 1)
    goes_on = np.zeros(len(codes) + 1, dtype=bool)
    goes_on[1:-1] = is_letter(codes[:-1]) & is_small(codes[1:])
    before = np.maximum.accumulate(np.where(goes_on, 0, places))
    behind = np.minimum.accumulate(np.where(goes_on, len(codes), places)[::-1])[::-1]
    return np.stack(
        [np.maximum(before[begins], begins - _LONGEST_REST), np.minimum(behind[ends], ends + _LONGEST_REST)], axis=1
    )


def _stripped(codes: NDArray[np.uint32], offsets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the tokens' characters: without the white space before a word (unless there is nothing else), with all accents."""
    begins, ends = offsets.T
    words = _next_outside(is_space(codes))[begins]
    # Normalisation joins an accent to its letter; the token's characters must hold it too.
    accented = _next_outside(is_accent(codes))[ends]
    return np.where(words < ends, words, begins), np.minimum(accented, ends + _MOST_ACCENTS)


def _next_outside(held: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for each character and the end, where the next one (itself perhaps) stands that is not `held`."""
    places = np.arange(len(held) + 1)
    places[:-1][held] = len(held)
    return np.minimum.accumulate(places[::-1])[::-1]


def _depths(length: int, regions: Sequence[Region]) -> NDArray[np.int64]:
    """Return how many pairs of marks stand around each character, the marks themselves counted as inside."""
    steps = np.zeros(length + 1, dtype=np.int64)
    for region in regions:
        if region.boundary is Boundary.MARKS:
            steps[region.span.begin] += 1
            steps[region.span.end] -= 1
    return steps.cumsum()[:-1]


def _features(
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    blocks: NDArray[np.int64],
    depths: NDArray[np.int64],
    regions: Sequence[Region],
) -> NDArray[np.int64]:
    """Return ``(n, 4)``: what each feature of FEATURE_SIZES is for each token."""
    features = np.zeros((len(begins), len(FEATURE_SIZES)), dtype=np.int64)
    if not len(begins):
        return features
    marks, dashed = np.zeros_like(depths), np.zeros_like(depths)
    for region in regions:
        begin, end = region.span
        if region.boundary is Boundary.DASH:
            dashed[begin:end] = 1
        else:
            marks[begin] = 1
            marks[end - 1] = 2
    features[:, 0] = np.minimum(depths[begins], FEATURE_SIZES[0] - 1)
    # A token may hold a mark and more, « ». » say: the strongest of its characters speaks.
    features[:, 1] = np.maximum(marks[begins], marks[ends - 1])
    features[:, 2] = dashed[begins]
    features[:, 3] = np.diff(blocks, prepend=-1) != 0
    return features


def _sentences(codes: NDArray[np.uint32], ends: NDArray[np.int64], blocks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sentence of each token: a new one behind . ! ? … and with each paragraph.

    Rough on purpose (« M. Dupont » makes two): it only measures distance, and errs alike in training and in use.
    """
    closes = ends_sentence(codes[ends - 1])
    opens = np.diff(blocks, prepend=0) != 0
    if len(closes):
        opens[1:] |= closes[:-1]
    return np.cumsum(opens)
