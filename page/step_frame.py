"""The frame of a step: its title line, and a body that is folded when the step is done."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from page.session import Session

THUMBNAIL_SIDE = 88
"""Pixels of the longer side; shown at half of that."""


@dataclass(frozen=True)
class StepFrame:
    """Where a step draws. line: the title, before what `fold_line` adds. tools: widgets in the title line
    while the step is open. body: the rest; page.css hides it while the step is folded, so its widgets stay.
    """

    name: str
    line: DeltaGenerator
    tools: DeltaGenerator
    body: DeltaGenerator


def step_frame(session: Session, name: str, title: str) -> StepFrame:
    """Show the title of a step and make room for the rest."""
    state = "folded" if name in session.folded else "open"
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"line {name}")
    line.header(title, anchor=False, width="content")
    tools = line.container(
        horizontal=True,
        vertical_alignment="center",
        gap="small",
        width="content",
        key=f"{state} tools {name}",
    )
    body = st.container(gap="small", key=f"{state} body {name}")
    return StepFrame(name, line, tools, body)


def fold_line(session: Session, frame: StepFrame, thumbnail: str, alt: str, summary: str) -> None:
    """Complete the title line of a step that is done: what it gave, and the button that folds and opens it.

    thumbnail: data URI of a small picture. summary: Markdown, shown while the step is folded.
    """
    folded = frame.name in session.folded
    with frame.line:
        if folded:
            with st.container(width="content", key=f"thumbnail {frame.name}"):
                st.html(f'<img src="{thumbnail}" alt="{alt}">', width="content")
            st.caption(summary, width="content")
        st.space("stretch")
        st.button(
            "Open" if folded else "Fold",
            type="tertiary",
            icon=f":material/{'expand_more' if folded else 'expand_less'}:",
            help=None,
            on_click=session.fold_or_open,
            args=(frame.name,),
            key=f"{'unfold' if folded else 'fold'} {frame.name}",
        )
