"""Popovers whose widgets have values of the session state."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from streamlit.elements.lib.mutable_popover_container import PopoverContainer


def held_while_closed(popover: PopoverContainer, keys: Iterable[str]) -> PopoverContainer:
    """The popover, in whose closed state the browser is told the values of its widgets in every run.

    A browser makes the widgets of a popover when that is opened. Streamlit 1.67 sends a value that the
    session state holds once, in the run that set it; after a second run the widgets would start at their
    least values, and the next run would take these for the visitor's choice.

    popover: made with `on_change="rerun"`, else it does not know whether it is open. keys: of its widgets.
    """
    if not popover.open:
        for key in keys:
            if key in st.session_state:
                st.session_state[key] = st.session_state[key]
    return popover
