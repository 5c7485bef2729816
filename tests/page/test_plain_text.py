"""Foreign text on the page, read by a CommonMark parser and by the patterns of Streamlit's replacements."""

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
SHOWS_ITSELF = re.compile(r"\.(error|warning|info|success|caption|markdown|write|progress)\(f?.*\berror\b")


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
    [("two\n\nlines\t# x", "two lines # x"), ("    code", "code"), ("\udcff.jpg", "?.jpg"), ("", "")],
)
def test_a_foreign_text_is_one_line_that_can_be_sent(text, line):
    assert as_text(text).replace("\\", "") == line


def test_ordinary_words_stay_readable():
    assert (
        as_text("IMG-2041 (1).jpg is empty; choose it again.")
        == "IMG-2041 (1).jpg is empty; choose it again."
    )


def test_names_in_messages_and_captions_are_plain(monkeypatch):
    monkeypatch.setattr(inference_queue, "find_faces", stand_in.find_faces)
    opened = upload(open_page(), LOADING, b"Dear Sir")
    assert opened.error[0].value.startswith(as_text(f"{LOADING} is not a photo; choose a JPEG, "))
    upload(opened, LOADING, ASTRONAUT)
    assert opened.caption[0].value.startswith(f"{as_text(LOADING)} · 512 × 512 pixels")


def test_no_message_shows_an_error_as_markdown():
    sources = [path.read_text().splitlines() for path in Path(page.__file__).parent.glob("*.py")]
    showing = [line for lines in sources for line in lines if SHOWS_ITSELF.search(line)]
    assert len(showing) >= 4
    assert all("as_text(" in line for line in showing), showing
