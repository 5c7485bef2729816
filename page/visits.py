"""When a visit ends, and that nothing of it is left on the server then.

Streamlit keeps the session of a lost connection, and forgets it when another visitor happens to run the page:
until then its photo, its models and the addresses of its downloads stay. The server therefore looks for ended
visits by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

KEPT_SECONDS = 120.0
"""A visit whose connection is lost goes on where it was if the browser is back within this time. Less than
`disconnectedSessionTTL` of .streamlit/config.toml."""
LOOK_SECONDS = 5.0
"""Interval at which ended visits are looked for."""
SWEEPS = 2
"""Streamlit deletes a download that nobody refers to in the second sweep that finds it so."""


class Visits:
    """The sessions that have run the page and have not ended."""

    def __init__(self) -> None:
        """Nobody was here yet."""
        self._seen: dict[str, float] = {}
        self._sweeps_due = 0

    def note(self, session_id: str) -> None:
        """A session runs the page."""
        self._seen[session_id] = monotonic()

    def end_the_lost(self, server: runtime.Runtime) -> None:
        """Close each session whose connection has been lost for KEPT_SECONDS, and delete its files."""
        now = monotonic()
        for session_id, seen in list(self._seen.items()):
            if server.is_active_session(session_id):
                self._seen[session_id] = now
            elif now - seen >= KEPT_SECONDS:
                del self._seen[session_id]
                server.close_session(session_id)
                self._sweeps_due = SWEEPS
        if self._sweeps_due:
            self._sweeps_due -= 1
            server.media_file_mgr.remove_orphaned_files()


@st.cache_resource(show_spinner=False)
def all_visits() -> Visits:
    """The visits of this process."""
    return Visits()


def note_visit() -> None:
    """The present session runs the page."""
    context = get_script_run_ctx()
    if context is not None:
        all_visits().note(context.session_id)


@contextlib.asynccontextmanager
async def ending_visits(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Look for ended visits as long as the server runs; for `lifespan` of `st.App`."""

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                all_visits().end_the_lost(runtime.get_instance())
            except Exception:  # the next look may succeed, and without any, photos would stay
                logging.getLogger(__name__).exception("A lost visit could not be ended.")

    looking = asyncio.create_task(look())
    yield {}
    looking.cancel()
