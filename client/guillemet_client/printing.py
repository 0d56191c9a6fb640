"""Documents made to be read: the command line's ``text`` and ``json`` formats."""

import re
import textwrap
import unicodedata
from typing import Any

from rich.console import Console
from rich.text import Text

from guillemet_client._types import Document, Entity, Quotation

_INDENT = "  "
_LEAST_WIDTH = 16
# No-break spaces are French punctuation's own and stay.
_BREAKS = re.compile(r"[ \t\r\n]+")


def new_console() -> Console:
    """Return standard output: width and colours follow the terminal and NO_COLOR, and nothing in a text is taken for markup."""
    return Console(markup=False, highlight=False, emoji=False)


def print_document(document: Document, console: Console | None = None) -> None:
    """Print the attributions of `document`, wrapped to the width of `console`; None: standard output."""
    console = console or new_console()
    if not document.quotations:
        console.print(Text("no quotation found", style="dim"))
    for number, quotation in enumerate(document.quotations):
        if number:
            console.print()
        for line in _heading(quotation).wrap(console, console.width):
            line.rstrip()
            console.print(line, soft_wrap=True)
        _print_indented(_particulars(quotation), console, style="cyan")
        _print_indented(shown(quotation.text), console)


def readable_json(document: Document) -> dict[str, Any]:
    """Return the one format with, for each quotation, the words that its offsets and ids stand for."""
    answer = document.to_json()
    for shown, quotation in zip(answer["quotations"], document.quotations, strict=True):
        speaker = quotation.speaker
        shown |= {
            "text": quotation.text,
            "cue_text": quotation.cue_text,
            "source_text": quotation.source_text,
            "speaker_name": speaker and speaker.name,
            "speaker_role": speaker and speaker.role,
            "speaker_institution": speaker and speaker.institution,
        }
    return answer


def _heading(quotation: Quotation) -> Text:
    if quotation.speaker is None:
        return Text("speaker not said", style="dim")
    heading = Text(shown(quotation.speaker.name), style="bold green")
    about = _about(quotation.speaker)
    if about:
        heading.append(f" ({', '.join(about)})", style="not bold green")
    return heading


def _about(speaker: Entity) -> list[str]:
    """Return the role and the institution, unless the name or the role says them already."""
    about: list[str] = []
    for words in (speaker.role, speaker.institution):
        if words is not None and words != speaker.name and not any(words in said for said in about):
            about.append(shown(words))
    return about


def _particulars(quotation: Quotation) -> str:
    parts = [str(quotation.type)]
    if quotation.cue_text is not None:
        parts.append(f"cue: {shown(quotation.cue_text)}")
    if quotation.source_text is not None:
        parts.append(f"source: {shown(quotation.source_text)}")
    parts.append(f"probability {quotation.probability:.2f}, of the speaker {quotation.speaker_probability:.2f}")
    return " · ".join(parts)


def _print_indented(words: str, console: Console, *, style: str = "") -> None:
    # Unlike rich's own, this breaks no line at a no-break space and leaves no spaces behind one.
    width = max(_LEAST_WIDTH, console.width - len(_INDENT))
    lines = textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)
    for line in lines:
        console.print(Text(_INDENT + line, style=style), soft_wrap=True)


def shown(words: str) -> str:
    """Return `words` on one line, without the control characters by which a text could command the terminal."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) == "Cc" else character
        for character in _BREAKS.sub(" ", words)
    )
