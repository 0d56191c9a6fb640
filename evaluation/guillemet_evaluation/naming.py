"""Names and mentions -> whom they name: two forms are the same name if they fold to the same words."""

import functools
import re
import unicodedata
from collections.abc import Callable, Sequence

from guillemet_evaluation.documents import Document, Quotation

# Left out at the beginning of a name, as long as something follows.
_LEADING = re.compile(
    r"(?:l|le|la|les|un|une|d|de|du|des|mr?|mrs|mme|mlle|dr|pr|me|monsieur|madame|docteur|professeur|maitre"
    r"|general|president|ministre|premier)"
)

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_WORD = re.compile(r"[^\W_]+")

# A document says the same names on both sides, and time and again.
_remembered = functools.lru_cache(maxsize=4096)


@_remembered
def folded(name: str) -> str:
    """Return the words of a name without case, accents and punctuation, and without the determiners and titles before it.

    "" only where the name has no letter or digit.
    """
    plain = name.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain.translate(_LIGATURES))
        plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _bare(_WORD.findall(plain))


@_remembered
def ascii_folded(name: str) -> str:
    """As `folded`, but first without whatever is no ASCII: « l’Élan » is "lelan"."""
    return _bare(_WORD.findall(unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode().lower()))


class Names:
    """The folded names in a document.

    Args:
        document: Whose entities are named.
        quotations: Some of its quotations.
        fold: Makes one word of all that is to be the same name.
    """

    def __init__(self, document: Document, quotations: Sequence[Quotation], fold: Callable[[str], str]) -> None:
        entities = {entity.id: entity for entity in document.entities}
        speakers = [entities.get(quotation.speaker or "") for quotation in quotations]
        pairs = list(zip(quotations, speakers, strict=True))
        self.speakers = [fold((entity.name if entity else said.speaker_name) or "") for said, entity in pairs]
        """Of each quotation; "": none."""
        self.institutions = [fold((entity.institution if entity else said.institution) or "") for said, entity in pairs]
        """Of each quotation; "": none."""
        forms = {
            entity.id: {fold(entity.name), *(fold(mention.of(document.text)) for mention in entity.mentions)} - {""}
            for entity in document.entities
        }
        self._accepted = [
            forms[entity.id] if entity else {name} - {""} for entity, name in zip(speakers, self.speakers, strict=True)
        ]
        self.by_form = {form: fold(entity.name) for entity in document.entities for form in forms[entity.id]}
        """Folded name or mention to the name of the last entity that has it."""
        self._of_entities = {fold(entity.name) for entity in document.entities}

    def accepts(self, index: int, name: str) -> bool:
        """Tell whether a folded name stands for the speaker of a quotation; "" does if there is none."""
        accepted = self._accepted[index]
        return name in accepted if accepted else not name

    def canonical(self, name: str) -> str:
        """Return the folded name of the entity that a folded name or mention stands for; itself if for none."""
        return name if name in self._of_entities else self.by_form.get(name, name)


def _bare(words: Sequence[str]) -> str:
    begin = 0
    while begin < len(words) - 1 and _LEADING.fullmatch(words[begin]):
        begin += 1
    return " ".join(words[begin:])
