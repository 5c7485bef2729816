"""A file on a server of this machine, for the tests of downloads and of the checkpoint store."""

import pytest
from file_server import CONTENT, DIGEST, file_server

from face3d.depth.spec import RemoteFile


@pytest.fixture
def server(monkeypatch):
    """`file_server` as it starts, with no proxy before it."""
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with file_server() as running:
        yield running


@pytest.fixture
def file(server):
    """The file it serves, as a network's table names it."""
    return RemoteFile("net.pt", f"http://127.0.0.1:{server.server_port}/net.pt", len(CONTENT), True, DIGEST)
