"""The headers of every answer."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from page.answers import KEPT_BY_BROWSERS, AnswerHeaders


def finish(coroutine):
    """Run it in a thread of its own: the browser tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, coroutine).result()


def headers_of(path, status=200, own=()):
    """Headers of the answer to a request for a path, where the server's own are these."""
    sent = []

    async def server(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": list(own)})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    finish(AnswerHeaders(server)({"type": "http", "path": path}, None, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    names = [name for name, _ in sent[0]["headers"]]
    assert len(names) == len(set(names))
    return {name.decode(): text.decode() for name, text in sent[0]["headers"]}


@pytest.mark.parametrize(
    ("path", "status", "kept"),
    [
        ("/", 200, "no-cache"),
        ("/media/abc.glb", 200, "no-store"),
        ("/media/abc.glb", 404, "no-store"),
        ("/component/page.components.components.plotly/plotly.min.js", 200, KEPT_BY_BROWSERS),
        ("/component/page.components.components.plotly/plotly.min.js", 404, "no-cache"),
    ],
)
def test_every_answer_forbids_sniffing_and_other_servers_and_says_how_long_it_is_kept(path, status, kept):
    headers = headers_of(path, status, [(b"cache-control", b"no-cache"), (b"content-type", b"text/html")])
    assert headers["x-content-type-options"] == "nosniff" and headers["content-type"] == "text/html"
    assert headers["cache-control"] == kept
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'"
    assert not any("http" in allowed or "*" in allowed for allowed in policy.values())


def test_a_websocket_passes_as_it_is():
    passed = []

    async def server(scope, receive, send):
        passed.append((scope, receive, send))

    finish(AnswerHeaders(server)({"type": "websocket"}, "receive", "send"))
    assert passed == [({"type": "websocket"}, "receive", "send")]
