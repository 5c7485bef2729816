"""Whether a page that is open in a browser belongs to a visit that this server no longer has.

Streamlit drops a session when the server restarts, and two minutes after the connection was lost. The page
stays open in the browser, and its next run is the first run of a new session. The browser sends the values of
all widgets with each run. A hidden text field therefore tells the two apart: a new page sends none.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

import streamlit as st

FIELD = "visit"
"""Key of the hidden field; page.css hides it."""
TOKEN = re.compile("[0-9a-f]{16}")
"""What a token looks like: a page can send anything, and tokens are parts of keys."""


def _new_token() -> str:
    return secrets.token_hex(8)


@dataclass
class Visit:
    """The visit of one browser page, by a token that the browser sends back.

    token: part of the keys of widgets that are to be empty in a new visit. known: whether the browser's token
    has been read.
    """

    token: str = field(default_factory=_new_token)
    known: bool = False

    def resume(self) -> bool:
        """Show the hidden field. Returns whether the browser's page belongs to a visit that is lost.

        That is so once, in the first run of a session. The visit then takes the token of the lost one: the
        widgets are those that the browser shows.
        """
        if self.known:
            st.session_state[FIELD] = self.token
        sent = st.text_input("Visit", "" if self.known else self.token, key=FIELD, autocomplete="off")
        lost = not self.known and sent != self.token
        self.token, self.known = sent if TOKEN.fullmatch(sent) else self.token, True
        return lost

    def renew(self) -> None:
        """Take another token: from the next run on, widgets with the token in their keys are empty."""
        self.token = _new_token()
