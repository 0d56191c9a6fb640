"""What the model marks and relates: the tagging layers with their states, and the relations between spans.

Each layer is tagged by itself, so that a role may lie in a mention and a cue in an outer quotation. In a layer, spans do not
overlap; a span's tokens read B I … I E, or S alone (Ratinov and Roth 2009, ACL W09-1119), and only such sequences have a
probability.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from guillemet_models.document import EntityKind, QuotationType

OUTSIDE = 0
STATES_PER_LABEL = 4  # begin, inside, end, single: state of label k is 1 + 4 k + one of
BEGIN, INSIDE, END, SINGLE = range(STATES_PER_LABEL)


@dataclass(frozen=True, slots=True)
class Layer:
    """A tagging layer."""

    name: str
    labels: tuple[str, ...]

    @property
    def states(self) -> int:
        """How many states a token can be in."""
        return 1 + STATES_PER_LABEL * len(self.labels)


CONTENT = Layer("content", tuple(QuotationType))
NESTED = Layer("nested", ("content",))  # the content of a quotation inside another's
CUE = Layer("cue", ("cue",))
SOURCE = Layer("source", ("source",))
MENTION = Layer("mention", tuple(EntityKind))  # of those who speak somewhere in the text
NAME = Layer("name", ("name",))  # the fullest name, inside its mention
ROLE = Layer("role", ("role",))
INSTITUTION = Layer("institution", ("institution",))
LAYERS = (CONTENT, NESTED, CUE, SOURCE, MENTION, NAME, ROLE, INSTITUTION)
MAX_STATES = max(layer.states for layer in LAYERS)


class SpanKind(IntEnum):
    """What a span is when relations are scored."""

    NOBODY = 0  # stands for "none of them", once a text
    CONTENT = 1
    CUE = 2
    MENTION = 3  # a source or a mention
    ROLE = 4
    INSTITUTION = 5


class Relation(IntEnum):
    """A relation from one span to another, at most one of which holds for the first."""

    CUE = 0  # content -> the cue that reports it
    SOURCE = 1  # content -> the mention it is attributed to
    CONTINUES = 2  # content -> the earlier part of the same quotation
    ANTECEDENT = 3  # mention -> an earlier mention of the same entity
    SPEAKER = 4  # content -> a mention of who speaks
    ROLE = 5  # mention -> the role of its entity
    INSTITUTION = 6  # mention -> the institution of its entity


def allowed_transitions() -> NDArray[np.bool_]:
    """Return ``(MAX_STATES, MAX_STATES)``: which state may follow which. A layer uses the corner of its own size."""
    states = np.arange(MAX_STATES)
    label = (states - 1) // STATES_PER_LABEL
    part = (states - 1) % STATES_PER_LABEL
    outside = states == OUTSIDE
    goes_on = ~outside & ((part == BEGIN) | (part == INSIDE))
    continues = ~outside & ((part == INSIDE) | (part == END))
    within = goes_on[:, None] & continues[None, :] & (label[:, None] == label[None, :])
    between = ~goes_on[:, None] & ~continues[None, :]
    allowed: NDArray[np.bool_] = within | between
    return allowed
