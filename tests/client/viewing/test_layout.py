import html
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from guillemet_client.viewing.layout import Mark, laid_out


class Reader(HTMLParser):
    """Reads the characters of what was laid out, and which marks each of them is under."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[str] = []
        self.marks: list[list[str]] = []
        """Of each character."""
        self.calls: dict[str, int] = {}
        """Of each mark: at which character it is called."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a mark or a paragraph, or note a call."""
        if tag == "a":
            mark = dict(attrs)["data-of"] or ""
            assert mark not in self.calls
            self.calls[mark] = len(self.text)
        else:
            self.open.append(dict(attrs).get("data-mark") or tag)

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag != "a":
            self.open.pop()

    def handle_data(self, data: str) -> None:
        """Note characters."""
        self.text += data
        self.marks += [self.open.copy()] * len(data)


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    assert reader.open == []
    return reader


def mark(name: str, *spans: tuple[int, int]) -> Mark:
    return Mark(spans, {"data-mark": name}, f'<a data-of="{name}"></a>')


@st.composite
def texts_with_marks(draw: st.DrawFn) -> tuple[str, dict[str, list[tuple[int, int]]]]:
    text = draw(st.text(alphabet='ab<&" \n\r«é🎤', min_size=2, max_size=40))
    marks = {}
    for number in range(draw(st.integers(0, 6))):
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=6)))
        marks[f"m{number}"] = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, marks


@given(texts_with_marks())
def test_every_character_is_there_once_under_the_marks_that_hold_it(case: tuple[str, dict[str, list[tuple[int, int]]]]) -> None:
    text, marks = case

    reader = read(laid_out(text, [mark(name, *spans) for name, spans in marks.items()]))

    assert reader.text == text
    for position, (character, under) in enumerate(zip(text, reader.marks, strict=True)):
        named = [name for name in under if name != "p"]
        expected = {name for name, spans in marks.items() if any(begin <= position < end for begin, end in spans)}
        if "p" in under:
            assert sorted(named) == sorted(expected)
        else:  # between paragraphs
            assert character.isspace()
            assert named == []


@given(texts_with_marks())
def test_a_mark_is_called_once_where_it_ends(case: tuple[str, dict[str, list[tuple[int, int]]]]) -> None:
    text, marks = case

    reader = read(laid_out(text, [mark(name, *spans) for name, spans in marks.items()]))

    for name, spans in marks.items():
        held = [position for begin, end in spans for position in range(begin, end) if "p" in reader.marks[position]]
        assert reader.calls.get(name) == (held[-1] + 1 if held else None)


def test_marks_nest_by_extent_and_then_as_given() -> None:
    laid = laid_out("abc", [mark("same", (1, 2)), mark("inner", (1, 2)), mark("outer", (0, 3))])

    assert read(laid).marks[1] == ["p", "outer", "same", "inner"]


def test_a_crossing_mark_is_two_elements() -> None:
    laid = laid_out("abc", [mark("one", (0, 2)), mark("other", (1, 3))])

    assert re.findall(r'data-mark="(\w+)"', laid) == ["one", "other", "other"]


def test_adjacent_spans_are_one_element() -> None:
    assert laid_out("abc", [mark("one", (0, 1), (1, 3))]).count("<span") == 1


def test_lines_are_paragraphs_and_blank_ones_are_none() -> None:
    assert laid_out("un\r\n\r\n \ndeux\n", []) == "<p>un</p>\r\n\r\n \n<p>deux</p>\n"


def test_what_html_forbids_is_replaced_in_its_place() -> None:
    laid = laid_out("a\x00b\ud800c", [mark("one", (2, 3))])

    assert read(laid).text == "a\ufffdb\ufffdc"
    assert html.unescape(laid).isprintable()
