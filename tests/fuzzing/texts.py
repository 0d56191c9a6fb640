"""Texts that nobody would write: made of bytes, so that whatever makes bytes can look for them; and some to begin with."""

from collections.abc import Callable

LONGEST = 600  # characters, of a text made of bytes: long enough for several windows, short enough for a hundred a second

PIECES = (
    *("« ", " »", "«", "»", "“", "”", '"', "‹", "›", "„", "'", "’"),
    *(
        "– ",
        "— ",
        "- ",
        "\n",
        "\r\n",
        "\n\n",
        "\r",
        " ",
        "  ",
        "\t",
        "\u00a0",
        "\u202f",
        "\u2009",
        "\u2028",
        "\u2029",
        "\x0b",
        "\x85",
    ),
    *(". ", ", ", " : ", " ; ", "!", "?", "…", "(", ")", "[…]", "/", "&", "-"),
    *("a dit ", "a déclaré ", "selon ", "dit-il", "a-t-elle ajouté", "que ", "qu’", "d’après ", "il ", "elle ", "on "),
    *(
        "Zoé Li",
        "Jean Dupont",
        "M. Dupont",
        "Mme ",
        "le ministre",
        "la maire de Brive",
        "l’Élysée",
        "l’Union des pêcheurs (UDP)",
    ),
    *(
        "UDP",
        "(UDP)",
        "le porte-parole du ",
        "le communiqué",
        "des riverains",
        "président de ",
        "Ministère de l’Eau",
        "octobreSelon",
    ),
    *("nous partons", "demain", "le texte sera adopté", "12", "3,5 %", "a", "A", "e\u0301", "É", "œ", "ß", "ﬁ", "İ", "ǅ"),
    *("\u0301", "\u0323", "\u20dd", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f"),
    *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f", "\u061c"),
    *("שלום", "مرحبا", "नमस्ते", "漢字", "ไทย", "\u1100\u1161\u11a8", "👩🏽\u200d🚒", "🇫🇷", "\U0010ffff", "\ue000"),
    *("\x00", "\x01", "\x1b[31m", "\x7f", "\ufffd", "\ufffe", "\\", "<b>", "{{", "%s", "$("),
)
"""At most 160, so that a byte names each."""

_TIMES = 160  # from here on, a byte repeats what the one before it named
_LITERAL = 224  # and from here on, the bytes that follow are the text

HOSTILE: dict[str, Callable[[int], str]] = {
    "opening marks": lambda n: "«" * n,
    "closing marks": lambda n: "»" * n,
    "straight marks": lambda n: '"' * n,
    "alternating marks": lambda n: ("«»" * n)[:n],
    "nested marks": lambda n: "«" * (n // 2) + "»" * (n // 2),
    "nested styles": lambda n: ('«“‹„"' * n)[: n // 2] + ('"“›”»' * n)[: n // 2],
    "unbalanced marks": lambda n: ("« a “b » c ” " * n)[:n],
    "a mark a line": lambda n: ("« a\n" * n)[:n],
    "combining marks": lambda n: "\u0301" * n,
    "a letter and its accents": lambda n: "e" + "\u0301\u0323" * (n // 2),
    "one word": lambda n: "a" * n,
    "one word of capitals": lambda n: "É" * n,
    "right to left": lambda n: ("\u202eשלום " * n)[:n],
    "zero width": lambda n: "\u200b" * n,
    "joiners": lambda n: ("👩🏽\u200d" * n)[:n],
    "zeros": lambda n: "\x00" * n,
    "blanks": lambda n: "« " + " " * (n - 4) + " »",
    "lines": lambda n: "\n" * (n - 1) + "a",
    "dialogue": lambda n: ("– Oui.\n" * n)[:n],
    "acronyms": lambda n: ("Union des pêcheurs (UDP) " * n)[:n],
    "names": lambda n: ("A B " * n)[:n],
    "quotations": lambda n: ("« Oui », a dit Zoé Li. " * n)[:n],
    "particles": lambda n: "Jean " + ("de la " * n)[: n - 5],
    "articles": lambda n: ("l'" * n)[:n],
}
"""By what they are made of; each makes a text of so many characters."""


def text_of(data: bytes) -> str:
    """Return the text that `data` stands for, at most `LONGEST` characters; it may hold lone surrogates."""
    parts: list[str] = []
    length = 0  # a piece that repeats a repetition grows fast
    for place, byte in enumerate(data):
        if byte >= _LITERAL:
            parts.append(data[place + 1 :].decode("utf-8", "surrogateescape"))
            break
        piece = PIECES[byte % len(PIECES)] if byte < _TIMES or not parts else parts[-1] * (byte - _TIMES + 2)
        parts.append(piece)
        length += len(piece)
        if length >= LONGEST:
            break
    return "".join(parts)[:LONGEST]
