"""An article and who speaks in it, as HTML that needs no script."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from guillemet_client._types import ELLIPSIS, EntityKind, QuotationType
from guillemet_client.viewing.article import Article, Attribution, Speaker
from guillemet_client.viewing.layout import Mark, Stretch, laid_out
from guillemet_client.viewing.markup import element, escape

# Of the palette in article.css; further speakers share them, and are told apart by the numbers of their quotations.
_COLOURS = 8
# Nested quotations are underlined at so many heights.
_LEVELS = 3

TYPES = {QuotationType.DIRECT: "directe", QuotationType.INDIRECT: "indirecte", QuotationType.MIXED: "mixte"}
_KINDS = {
    EntityKind.PERSON: "personne",
    EntityKind.INSTITUTION: "institution",
    EntityKind.GROUP: "groupe",
    EntityKind.DOCUMENT: "document",
    EntityKind.UNNAMED: "sans nom",
}
_NOBODY = "locuteur non précisé"


class Fragment:
    """An article as HTML.

    Args:
        article: To show.
        anchor: Begins every id, so that several articles make one page; None: no ids, links or buttons.
    """

    def __init__(self, article: Article, *, anchor: str | None = None) -> None:
        self._article = article
        self._anchor = anchor
        speakers = dict.fromkeys(attribution.speaker for attribution in article.attributions)
        # From 1, in the order in which they first speak; 0 is nobody.
        self._numbers: dict[Speaker | None, int] = {
            speaker: number for number, speaker in enumerate((speaker for speaker in speakers if speaker is not None), start=1)
        }
        if None in speakers:
            self._numbers[None] = 0

    @property
    def summary(self) -> str:
        """How much was found."""
        n_speakers = sum(number > 0 for number in self._numbers.values())
        return f"{counted(len(self._article.attributions), 'citation')}, {counted(n_speakers, 'locuteur')}"

    def text(self) -> str:
        """Return the article's paragraphs, their quotations numbered and marked."""
        marks = [*self._quotation_marks(), *self._word_marks()]
        return element("div", laid_out(self._article.text, marks), {"class": "text", "lang": "fr"})

    def speakers(self) -> str:
        """Return the list of speakers, each with its quotations."""
        return element("ol", "".join(map(self._speaker, self._numbers)), {"class": "speakers"})

    def _quotation_marks(self) -> Iterator[Mark]:
        levels = _levels([attribution.spans for attribution in self._article.attributions])
        for number, (attribution, level) in enumerate(zip(self._article.attributions, levels, strict=True), start=1):
            attributes = {
                "class": "quotation",
                "data-quotation": str(number),
                "data-type": attribution.type,
                **self._of(attribution.speaker),
            }
            if level:
                attributes["data-level"] = str(level)
            yield Mark(attribution.spans, attributes, self._call(number, attribution))

    def _word_marks(self) -> Iterator[Mark]:
        """Yield the cues, the sources and the mentions of speakers, those of one extent as one."""
        said: dict[Stretch, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for number, attribution in enumerate(self._article.attributions, start=1):
            if attribution.cue is not None:
                said[attribution.cue]["data-cue"].append(str(number))
            if attribution.source is not None:
                said[attribution.source]["data-source"].append(str(number))
        for speaker, number in self._numbers.items():
            for mention in speaker.mentions if speaker else ():
                has_name = speaker is not None and speaker.name in self._words(mention)
                said[mention]["data-name" if has_name else "data-mention"].append(str(number))
        for stretch, roles in said.items():
            yield Mark([stretch], {"class": "words", **{key: " ".join(values) for key, values in roles.items()}})

    def _call(self, number: int, attribution: Attribution) -> str:
        """Return the number behind a quotation: a link to its entry."""
        name = attribution.speaker.name if attribution.speaker else _NOBODY
        attributes = {"class": "call", "data-number": str(number), **self._of(attribution.speaker)}
        if self._anchor is not None:
            attributes |= {
                "id": f"{self._anchor}-q{number}-call",
                "href": f"#{self._anchor}-q{number}",
                "aria-label": f"Citation {number}, {TYPES[attribution.type]}, {name}",
            }
        return element("a", "", attributes)

    def _speaker(self, speaker: Speaker | None) -> str:
        name = _isolated(speaker.name if speaker else _NOBODY.capitalize())
        if self._anchor is not None:
            name = element("button", name, {"type": "button", "aria-pressed": "false"})
        entries = "".join(
            self._entry(number, attribution)
            for number, attribution in enumerate(self._article.attributions, start=1)
            if attribution.speaker is speaker
        )
        kind = element("span", _KINDS[speaker.kind], {"class": "kind"}) if speaker else ""
        parts = [
            element("h3", f"{name} {kind}", {"class": "name"}),
            *(self._about(speaker) if speaker else ()),
            element("ol", entries, {"class": "entries"}),
        ]
        return element("li", "".join(parts), {"class": "speaker", **self._of(speaker)})

    def _about(self, speaker: Speaker) -> Iterator[str]:
        """Yield what is known of a speaker and does not only repeat the name."""
        if speaker.role not in (None, speaker.name):
            yield element("p", _isolated(speaker.role), {"class": "role"})
        if speaker.institution not in (None, speaker.name):
            institution = f"pour {_isolated(speaker.institution)} {_probability(speaker.institution_probability)}"
            yield element("p", institution, {"class": "institution"})
        forms = dict.fromkeys(" ".join(self._words(mention).split()) for mention in speaker.mentions)
        if others := [_isolated(form) for form in forms if form != speaker.name]:
            yield element("p", f"dans le texte : {', '.join(others)}", {"class": "forms"})

    def _entry(self, number: int, attribution: Attribution) -> str:
        link = {"class": "number", "aria-label": f"Citation {number}, dans le texte"}
        attributes = {"class": "entry", "data-quotation": str(number), "data-type": attribution.type}
        if self._anchor is not None:
            link["href"] = f"#{self._anchor}-q{number}-call"
            attributes["id"] = f"{self._anchor}-q{number}"
        words = ELLIPSIS.join(map(self._words, attribution.spans))
        said = [
            ("type", TYPES[attribution.type]),
            ("introducteur", self._quoted(attribution.cue)),
            ("source", self._quoted(attribution.source)),
        ]
        probabilities = [
            ("citation", _probability(attribution.probability)),
            ("source", _probability(attribution.source_probability)),
            ("locuteur", _probability(attribution.speaker_probability)),
        ]
        parts = [
            element("a", str(number), link),
            element("blockquote", escape(words), {"lang": "fr"}),
            _listed("said", said),
            _listed("probabilities", probabilities),
        ]
        return element("li", "".join(parts), attributes)

    def _of(self, speaker: Speaker | None) -> dict[str, str]:
        number = self._numbers[speaker]
        return {"data-speaker": str(number), "data-colour": str((number - 1) % _COLOURS + 1 if number else 0)}

    def _words(self, stretch: Stretch) -> str:
        return self._article.text[slice(*stretch)]

    def _quoted(self, stretch: Stretch | None) -> str:
        return "" if stretch is None else _isolated(self._words(stretch))


def counted(number: int, noun: str) -> str:
    """Return "2 citations", as French counts."""
    return f"{number}\N{NO-BREAK SPACE}{noun}{'s' if number > 1 else ''}"


def _levels(contents: Sequence[Sequence[Stretch]]) -> list[int]:
    """Return how many quotations deep the quotations inside each one go."""
    extents = [(spans[0][0], spans[-1][1]) for spans in contents]
    levels = [0] * len(extents)
    # From the shortest: what is inside is known before what is around it.
    for outer in sorted(range(len(extents)), key=lambda index: extents[index][1] - extents[index][0]):
        begin, end = extents[outer]
        inner = [levels[index] for index, (b, e) in enumerate(extents) if begin <= b and e <= end and (b, e) != (begin, end)]
        levels[outer] = min(max(inner, default=-1) + 1, _LEVELS - 1)
    return levels


def _isolated(words: str) -> str:
    """Return words of the text within ours, whichever way either is written."""
    return element("bdi", escape(words), {"lang": "fr"})


def _probability(probability: float | None) -> str:
    if probability is None:
        return ""
    percent = f"{100 * probability:.0f}\N{NARROW NO-BREAK SPACE}%"
    return element("span", percent, {"class": "probability", "data-probability": f"{probability:.4f}"})


def _listed(name: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a list of terms and what is said of each; those without anything are left out."""
    pairs = [element("div", element("dt", term) + " " + element("dd", value)) for term, value in rows if value]
    return element("dl", "".join(pairs), {"class": name}) if pairs else ""
