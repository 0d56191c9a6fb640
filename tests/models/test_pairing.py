"""Which pairs are asked about, and what is seen of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guillemet_models.agreement import Agreement
from guillemet_models.document import Span
from guillemet_models.folding import fold
from guillemet_models.pairing import PAIR_FEATURE_SIZES, REACH, Candidate, folded_name, propose
from guillemet_models.scheme import Relation, SpanKind
from guillemet_models.tokenization import TextTokenizer, TokenizedText

TEXT = (
    "« Oui », a dit Nikolaï Patrouchev. M. Patrouchev, 72 ans, dirige la CGT.\n– Non !\n\nElle a ri\u202f: “ha” 👩🏽\u200d🚒."
)
KINDS = [kind for kind in SpanKind if kind is not SpanKind.NOBODY]
LIKENESS, AGREEMENT, SPEAKING = 5, 6, 7


@st.composite
def candidate_lists(draw: st.DrawFn, length: int) -> list[Candidate]:
    spans = st.tuples(st.sampled_from(KINDS), st.integers(0, length - 1), st.integers(0, 30), st.booleans()).map(
        lambda drawn: Candidate(drawn[0], drawn[1], min(length - 1, drawn[1] + drawn[2]), drawn[3])
    )
    found = draw(st.lists(spans, max_size=40, unique=True))
    return sorted(found, key=lambda candidate: (candidate.first, candidate.last, candidate.kind))


@given(data=st.data())
def test_nobody_stands_first_in_each_group(tiny_tokenizer: TextTokenizer, data: st.DataObject) -> None:
    text = tiny_tokenizer(TEXT)
    found = data.draw(candidate_lists(len(text)))

    proposed = propose(text, found)

    keys = list(zip(proposed.pairs[:, 0].tolist(), proposed.relations.tolist(), strict=True))
    groups = [(key, list(rows)) for key, rows in itertools.groupby(range(len(keys)), key=keys.__getitem__)]
    assert len({key for key, _ in groups}) == len(groups)
    for (_, relation), rows in groups:
        tails = proposed.pairs[rows, 1].tolist()
        assert tails[0] == 0
        assert 0 not in tails[1:]
        assert len(set(tails)) == len(tails)
        assert len(tails) <= 1 + sum(REACH[Relation(relation)])


@given(data=st.data())
def test_features_stay_within_their_sizes(tiny_tokenizer: TextTokenizer, data: st.DataObject) -> None:
    text = tiny_tokenizer(TEXT)
    found = data.draw(candidate_lists(len(text)))

    proposed = propose(text, found)

    assert proposed.features.shape == (len(proposed.pairs), len(PAIR_FEATURE_SIZES))
    assert ((proposed.features >= 0) & (proposed.features < PAIR_FEATURE_SIZES)).all()
    is_nobody = proposed.pairs[:, 1] == 0
    assert (proposed.features[is_nobody] == 0).all()
    assert (proposed.features[~is_nobody] > 0).all()
    assert proposed.spans.shape == (1 + len(found), 2)
    assert proposed.kinds.tolist() == [SpanKind.NOBODY, *(candidate.kind for candidate in found)]


@given(data=st.data())
def test_antecedents_and_continued_contents_stand_before(tiny_tokenizer: TextTokenizer, data: st.DataObject) -> None:
    text = tiny_tokenizer(TEXT)
    proposed = propose(text, data.draw(candidate_lists(len(text))))

    backward = np.isin(proposed.relations, [Relation.ANTECEDENT, Relation.CONTINUES])

    assert (proposed.pairs[backward, 1] < proposed.pairs[backward, 0]).all()


@given(data=st.data(), size=st.integers(1, 50))
def test_the_parts_of_the_pairs_are_the_pairs(tiny_tokenizer: TextTokenizer, data: st.DataObject, size: int) -> None:
    whole = propose(tiny_tokenizer(TEXT), data.draw(candidate_lists(len(tiny_tokenizer(TEXT)))))

    pieces = list(whole.parts(size))
    parts = [part for _, part in pieces]
    placed = [
        part.spans[part.pairs] + tokens.start * (part.kinds[part.pairs] != SpanKind.NOBODY)[..., None]
        for tokens, part in pieces
    ]

    assert all(0 < len(part.pairs) <= size for part in parts)
    assert [row for rows in placed for row in rows.tolist()] == whole.spans[whole.pairs].tolist()
    assert all(part.spans.min() >= 0 and part.spans.max() < tokens.stop - tokens.start for tokens, part in pieces)
    assert [row for part in parts for row in part.kinds[part.pairs].tolist()] == whole.kinds[whole.pairs].tolist()
    assert [row for part in parts for row in part.relations.tolist()] == whole.relations.tolist()
    assert [row for part in parts for row in part.features.tolist()] == whole.features.tolist()
    assert all(len(part.spans) <= 2 * size for part in parts)


def test_a_text_without_candidates_has_no_pairs(tiny_tokenizer: TextTokenizer) -> None:
    proposed = propose(tiny_tokenizer(TEXT), [])

    assert proposed.pairs.shape == (0, 2)
    assert proposed.features.shape == (0, len(PAIR_FEATURE_SIZES))


def test_features_tell_before_from_after(tiny_tokenizer: TextTokenizer) -> None:
    text = tiny_tokenizer("Anne dit : « Oui », répond Paul.")
    found = [mention(text, "Anne"), Candidate(SpanKind.CONTENT, *tokens(text, "« Oui »")), mention(text, "Paul")]

    proposed = propose(text, found)

    rows = {
        tail: features
        for (head, tail), relation, features in zip(
            proposed.pairs.tolist(), proposed.relations.tolist(), proposed.features.tolist(), strict=True
        )
        if relation == Relation.SOURCE and head == 2
    }
    assert rows.keys() == {0, 1, 3}
    assert rows[1][0] < rows[3][0]
    assert rows[1][3] < rows[3][3]


def tokens(text: TokenizedText, words: str) -> tuple[int, int]:
    begin = text.text.index(words)
    found = text.tokens(Span(begin, begin + len(words)))
    assert found is not None
    return found


def mention(text: TokenizedText, words: str) -> Candidate:
    return Candidate(SpanKind.MENTION, *tokens(text, words))


def seen(tokenizer: TextTokenizer, later: str, earlier: str, feature: int) -> int:
    """Return a feature of the pair of two mentions."""
    text = tokenizer(f"{earlier} ; {later}")
    second = text.tokens(Span(len(earlier) + 3, len(text.text)))
    assert second is not None
    proposed = propose(text, [mention(text, earlier), Candidate(SpanKind.MENTION, *second)])
    row = (proposed.relations == Relation.ANTECEDENT) & (proposed.pairs == [2, 1]).all(axis=1)
    value: int = proposed.features[row][0, feature] - 1
    return value


@pytest.mark.parametrize(
    ("later", "earlier", "likeness"),
    [
        ("Nikolaï Patrouchev", "Nikolaï Patrouchev", 8),
        ("M. Patrouchev", "Patrouchev", 8),
        ("l’Élysée", "l'Elysée", 8),
        ("Patrouchev", "Nikolaï Patrouchev", 7),
        ("Nikolaï Patrouchev", "Patrouchev", 6),
        ("le ministre", "le ministre russe", 5),
        ("le ministre russe", "le ministre", 4),
        ("Dmitri Patrouchev", "Nikolaï Patrouchev", 3),
        ("la CGT", "la Confédération Générale du Travail", 2),
        ("la Confédération Générale du Travail", "la CGT", 2),
        ("le maire écologiste", "le maire socialiste", 1),
        ("des témoins", "Nikolaï Patrouchev", 0),
        ("il", "Nikolaï Patrouchev", 0),
    ],
)
def test_names_are_alike_by_their_words(tiny_tokenizer: TextTokenizer, later: str, earlier: str, likeness: int) -> None:
    assert seen(tiny_tokenizer, later, earlier, LIKENESS) == likeness


@pytest.mark.parametrize(
    ("later", "earlier", "shown"),
    [
        ("elle", "la ministre", (Agreement.FEMININE, Agreement.FEMININE)),
        ("il", "Mme Dupont", (Agreement.MASCULINE, Agreement.FEMININE)),
        ("le maire", "Anne Dupont", (Agreement.MASCULINE, Agreement.FEMININE)),
        ("ils", "les syndicats", (Agreement.PLURAL, Agreement.PLURAL)),
        ("l’élue", "Dupont", (Agreement.UNKNOWN, Agreement.UNKNOWN)),
        ("Dupont", "Anne Dupont", (Agreement.FEMININE, Agreement.FEMININE)),
    ],
)
def test_what_a_pronoun_agrees_with_is_seen_side_by_side(
    tiny_tokenizer: TextTokenizer, later: str, earlier: str, shown: tuple[Agreement, Agreement]
) -> None:
    assert divmod(seen(tiny_tokenizer, later, earlier, AGREEMENT), len(Agreement)) == shown


def test_it_is_seen_who_has_spoken_and_how_many_others_since(tiny_tokenizer: TextTokenizer) -> None:
    text = tiny_tokenizer("Ana, Bob, Carl, Dan, il")
    names = [mention(text, name)._replace(is_source=name != "Bob") for name in ("Ana", "Bob", "Carl", "Dan", "il")]

    proposed = propose(text, names)

    asked = (proposed.relations == Relation.ANTECEDENT) & (proposed.pairs[:, 0] == len(names)) & (proposed.pairs[:, 1] > 0)
    assert dict(zip(proposed.pairs[asked, 1].tolist(), (proposed.features[asked, SPEAKING] - 1).tolist(), strict=True)) == {
        1: 3,  # two in between
        2: 0,  # no source
        3: 2,
        4: 1,
    }


def test_words_are_folded_of_case_and_accents() -> None:
    assert fold("ÉLYSÉE") == "elysee"
    assert folded_name(["Conseil de Sécurité,", "l’ONU"]) == "conseil de securite l onu"
