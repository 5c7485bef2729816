"""A server of this machine that speaks the chat API, for tests: it gives prepared answers."""

import http.server
import json
import threading
from contextlib import contextmanager

GOOD = {
    "contents": "A woman with long hair.",
    "problems": ["Hair covers one eye."],
    "settings": [{"name": "smoothing_px", "value": 1.5, "reason": "The skin is smooth."}],
    "matte": "face",
    "matte_reason": "There is one person.",
    "texture": "",
    "alternative_text": "A portrait.",
}


def said(content, **message):
    """The body of an answer of the chat API."""
    text = content if isinstance(content, str) else json.dumps(content)
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text, **message}}]}).encode()


class ChatServer(http.server.ThreadingHTTPServer):
    """Gives the answers of `answers` in turn: (status, headers, body) or a function of the handler."""

    daemon_threads = True

    def __init__(self):
        self.asked, self.answers = [], []
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, *_):
        """The client may close the connection early."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers, json.loads(body)))
        answer = self.server.answers.pop(0)
        if callable(answer):
            return answer(self)
        status, headers, body = answer
        self.send_response(status)
        for name, value in (
            {"content-type": "application/json", "content-length": len(body)} | headers
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def chat_server():
    """A running ChatServer."""
    with ChatServer() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()
