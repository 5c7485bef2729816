"""Foreign text on the page, read by a CommonMark parser and by the patterns of Streamlit's replacements."""

import ast
import re
from pathlib import Path

import pytest
import stand_in
from markdown_it import MarkdownIt
from odd_names import LOADING, MORE_TEXTS, ODD_NAMES
from page_visit import open_page, upload
from sample_files import ASTRONAUT

import page
from page import inference_queue
from page.plain_text import as_text

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
EMPTY_DIRECTIVE = ":small[]"
REPLACEMENTS = (
    r"https?://|www\.|[-.\w+]@|:[-+\w]+:|:material|(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)"  # of Streamlit 1.67
)
"""Patterns in one text node."""
TEX_OR_DIRECTIVE = r"(?<!\\)\$|(?<!\\):(?=\S)"
SHOWS_MARKDOWN = {
    "error",
    "warning",
    "info",
    "success",
    "caption",
    "markdown",
    "write",
    "progress",
    "toast",
    "button",
    "checkbox",
    "toggle",
    "popover",
    "expander",
    "radio",
    "header",
    "download_button",
}
"""Methods of Streamlit whose first argument, or label, is Markdown."""
FOREIGN = {
    "error",
    "fault",
    "name",
    "photo_name",
    "host",
    "note",
    "contents",
    "sentence",
    "texture",
    "alternative_text",
    "matte_reason",
    "completion_reason",
    "prompt",
}
"""What the page calls texts of the visitor, of files, of servers and of models."""
ESCAPES = {"as_text", "_description"}
"""Functions that give it as text: `_description` of step 1 puts its name through `as_text`."""


def shown(markdown):
    """The nodes of text that the parser finds; nothing but text is there."""
    opening, inline, closing = PARSER.parse(markdown)
    assert (opening.type, inline.type, closing.type) == ("paragraph_open", "inline", "paragraph_close")
    assert {child.type for child in inline.children} <= {"text", "text_special"}
    return "".join(child.content for child in inline.children).split(EMPTY_DIRECTIVE)


@pytest.mark.parametrize("text", ODD_NAMES + MORE_TEXTS)
def test_a_foreign_text_is_shown_as_it_is(text):
    markdown = as_text(text)
    nodes = shown(markdown)
    assert "".join(nodes) == text.replace(EMPTY_DIRECTIVE, "")
    assert not [node for node in nodes if re.search(REPLACEMENTS, node, re.IGNORECASE)]
    assert not re.search(TEX_OR_DIRECTIVE, markdown.replace(EMPTY_DIRECTIVE, ""))
    assert "".join(shown(f"{markdown} · 3 pixels")) == text.replace(EMPTY_DIRECTIVE, "") + " · 3 pixels"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\n\nlines\t# x", "two lines # x"),
        ("    code", "code"),
        ("\udcff.jpg", "?.jpg"),
        ("me\u202egpj.exe", "me\ufffdgpj.exe"),
        ("", ""),
    ],
)
def test_a_foreign_text_is_one_line_that_can_be_sent(text, line):
    assert as_text(text).replace("\\", "") == line


def test_ordinary_words_stay_readable():
    assert (
        as_text("IMG-2041 (1).jpg is empty; choose it again.")
        == "IMG-2041 (1).jpg is empty; choose it again."
    )


def test_names_in_messages_and_captions_are_plain(monkeypatch):
    """As the browser test does it, of twenty names, without a browser."""
    monkeypatch.setattr(inference_queue, "find_faces", stand_in.find_faces)
    assert len(set(ODD_NAMES)) == 20 and LOADING in ODD_NAMES
    opened = open_page()
    for name in ODD_NAMES:
        upload(opened, name, b"Dear Sir")
        said = opened.error[0].value
        assert said.startswith(as_text(f"{name} is not a photo; choose a JPEG, "))
        assert "".join(shown(said)).startswith(f"{name} is not a photo")
    upload(opened, LOADING, ASTRONAUT)
    assert opened.caption[0].value.startswith(f"{as_text(LOADING)} · 512 × 512 pixels")


def foreign_in(argument):
    """The names of FOREIGN texts in an expression that no function of ESCAPES has made plain."""
    if isinstance(argument, ast.Call) and getattr(argument.func, "id", None) in ESCAPES:
        return []
    if isinstance(argument, ast.Name | ast.Attribute):
        name = argument.id if isinstance(argument, ast.Name) else argument.attr
        return [name] if name in FOREIGN else []
    return [name for part in ast.iter_child_nodes(argument) for name in foreign_in(part)]


def shown_as_markdown(source):
    """The line and the first argument of each call that shows Markdown."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", None) in SHOWS_MARKDOWN:
            labels = [word.value for word in call.keywords if word.arg in ("label", "body")]
            yield from ((call.lineno, argument) for argument in [*call.args[:1], *labels])


def test_no_foreign_text_is_shown_as_markdown():
    calls = [
        (path.name, line, argument)
        for path in Path(page.__file__).parent.glob("*.py")
        for line, argument in shown_as_markdown(path.read_text())
    ]
    escaped = [call for call in calls if "as_text(" in ast.unparse(call[2])]
    assert len(escaped) >= 15
    assert not [(path, line, foreign) for path, line, argument in calls if (foreign := foreign_in(argument))]


@pytest.mark.parametrize(
    "call", ["st.toast(picture.note)", "st.error(f'no {error}')", "place.button(label=host)"]
)
def test_a_foreign_text_that_is_shown_as_it_is_would_be_found(call):
    assert [name for _, argument in shown_as_markdown(call) for name in foreign_in(argument)]
