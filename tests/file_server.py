"""A server on 127.0.0.1 for tests of downloads: it serves one file, breaks off, lies, hangs and refuses, as
it is told.
"""

import contextlib
import hashlib
import http.server
import re
import sys
import threading
import time
from dataclasses import dataclass, field

from face3d.depth.download import RetryPolicy

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 4096  # 1 MB that looks like a PyTorch file
DIGEST = hashlib.sha256(CONTENT).hexdigest()
HASTE = RetryPolicy(connect_seconds=2, read_seconds=0.5, tries=3, pause_seconds=0.01)


@dataclass
class Behaviour:
    """What the server does at each request: the n-th element of `answers`, the last one for all further
    requests.

    Answers: "serve"; "slow", after half a second; "break" off half-way; "stall" half-way, without a word;
    "hang" before the first word; "redirect" to the same address; or a status.
    ranges: whether it sends a part where a part is asked for, `shift` bytes off. requests: the parts asked
    for so far.
    """

    answers: list[str] = field(default_factory=lambda: ["serve"])
    content: bytes = CONTENT
    etag: str | None = '"one"'
    ranges: bool = True
    shift: int = 0
    requests: list[str | None] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        behaviour = self.server.behaviour
        answer = behaviour.answers[min(len(behaviour.requests), len(behaviour.answers) - 1)]
        behaviour.requests.append(self.headers.get("Range"))
        if answer.isdigit():
            self.send_response(int(answer))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if answer == "redirect":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if answer == "hang":
            self.server.released.wait(5)
            self.close_connection = True
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, behaviour.etag)
        start = int(asked[1]) + behaviour.shift if asked and same and behaviour.ranges else 0
        if start >= len(behaviour.content):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = behaviour.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header(
                "Content-Range", f"bytes {start}-{len(behaviour.content) - 1}/{len(behaviour.content)}"
            )
        if behaviour.etag:
            self.send_header("ETag", behaviour.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if answer == "slow":
            time.sleep(0.5)
        cut = answer in ("break", "stall")
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if answer == "stall":
            self.server.released.wait(20)
        self.close_connection = cut

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # a client may stop half-way
            super().handle_error(request, client_address)


@contextlib.contextmanager
def file_server():
    """A running server; what is still waiting for its answer at the end is let go."""
    running = Server(("127.0.0.1", 0), Handler)
    running.behaviour, running.released = Behaviour(), threading.Event()
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.released.set()
        running.shutdown()
        running.server_close()
        thread.join()
