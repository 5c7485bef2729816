"""Headers of every answer of the server: what a browser may do with it, and how long it may keep it."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'self'",
    "script-src": "'self' blob: 'unsafe-inline'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
"""Content Security Policy: no request but to this server. Streamlit writes styles into the page, starts
components from blobs and has scripts in its document."""
HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "; ".join(f"{name} {allowed}" for name, allowed in POLICY.items()),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
LIBRARIES = "/component/"
"""Path of the scripts that draw figures; their addresses hold version or size."""
KEPT_BY_BROWSERS = "public, max-age=31536000, immutable"
PRIVATE = "/media/"
"""Path of downloads: no cache keeps them."""


class AnswerHeaders:
    """ASGI middleware that adds the headers."""

    def __init__(self, app: ASGIApp) -> None:
        """app: what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = HEADERS | _caching(scope["path"], found=message["status"] == 200)
                others = [(name, text) for name, text in message["headers"] if name.decode() not in added]
                new = [(name.encode(), text.encode()) for name, text in added.items()]
                message = {**message, "headers": [*others, *new]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _caching(path: str, *, found: bool) -> dict[str, str]:
    """How long an answer may be kept, where Streamlit's own rule is not meant."""
    if PRIVATE in path:
        return {"cache-control": "no-store"}
    return {"cache-control": KEPT_BY_BROWSERS} if LIBRARIES in path and found else {}


ANSWER_HEADERS = Middleware(AnswerHeaders)
