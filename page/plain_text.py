"""Text that is not ours on the page: names of files, paths, addresses, and the errors that quote them.

Streamlit renders Markdown (CommonMark, GFM, directives, TeX) in captions and messages. After that it replaces
parts of the remaining text: addresses by links, `:material_face:` by an icon, `->` by an arrow. An escape
does not prevent a replacement; the end of a text node does.
"""

from __future__ import annotations

import re
import string

SPECIAL = re.compile(r"[\\`*_{}\[\]<>#~$|&]|:(?=\S)")
"""Characters with a meaning anywhere in a line, of CommonMark, GFM (~, |), TeX ($) and directives (:)."""
BLOCK_START = re.compile(r"[-+=]|\d+(?=[.)])")
"""Characters with a meaning at the start of a line only: lists, rules and underlined headings."""
REPLACED = re.compile(r"https?://|www\.|@|:[\w+-]+:|:material/|^(<->|->|<-|--|>=|<=|~=)$", re.IGNORECASE)
"""A word that Streamlit replaces, or a part of which."""
TURNS_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the text after them around: `photo` with one of them may seem to end otherwise."""
NODE_END = ":small[]"
"""A directive without content: it shows nothing and ends a text node."""


def as_text(text: str) -> str:
    """Markdown that Streamlit shows as `text` itself, on one line.

    Runs of white space count as one space. Code points that cannot be sent, lone surrogates, become `?`, and
    those that would turn the text around U+FFFD.
    """
    words = TURNS_AROUND.sub("\ufffd", text.encode("utf-8", errors="replace").decode()).split()
    line = " ".join(_apart(word) if REPLACED.search(word) else _escaped(word) for word in words)
    start = BLOCK_START.match(line)
    if start is None:
        return line
    end = start.end() if line[0].isdigit() else 0
    return f"{line[:end]}\\{line[end:]}"


def _escaped(word: str) -> str:
    return SPECIAL.sub(r"\\\g<0>", word)


def _apart(word: str) -> str:
    """Every character in a text node of its own, where no replacement finds its pattern."""
    return NODE_END.join(f"\\{sign}" if sign in string.punctuation else sign for sign in word)
