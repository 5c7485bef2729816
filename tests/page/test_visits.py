"""Ended visits: closed after the time that a lost connection has, and their files deleted."""

import pytest
from streamlit import config

from page import visits
from page.visits import KEPT_SECONDS, SWEEPS, Visits


class Server:
    """In place of Streamlit's runtime. active: sessions that are connected. did: what it was told."""

    def __init__(self):
        self.active, self.did, self.media_file_mgr = set(), [], self

    def is_active_session(self, session_id):
        return session_id in self.active

    def close_session(self, session_id):
        self.did.append(session_id)

    def remove_orphaned_files(self):
        self.did.append("sweep")


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(visits, "monotonic", lambda: now[0])
    return now


def test_a_visit_ends_when_its_connection_was_lost_for_long_enough(clock):
    here, server = Visits(), Server()
    server.active = {"stays", "goes", "comes back"}
    for session_id in server.active:
        here.note(session_id)
    clock[0] = 1000.0
    here.end_the_lost(server)
    server.active = {"stays"}
    clock[0] += KEPT_SECONDS - 1
    here.end_the_lost(server)
    assert server.did == []
    server.active.add("comes back")
    for _ in range(SWEEPS + 2):
        clock[0] += 1
        here.end_the_lost(server)
    assert server.did == ["goes", *["sweep"] * SWEEPS]


def test_the_server_keeps_a_session_longer_than_a_visit():
    """Streamlit's own end of a session comes later, or there would be nothing left to close."""
    longest = config.get_option("server.disconnectedSessionTTL")
    assert longest > KEPT_SECONDS + 10 * visits.LOOK_SECONDS
