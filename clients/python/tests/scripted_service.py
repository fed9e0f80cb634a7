"""A service that answers what a test says, one answer a request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Request:
    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.method = handler.command
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        length = int(handler.headers.get("content-length") or 0)
        self.body: Any = json.loads(handler.rfile.read(length)) if length else None


#: Writes an answer.
Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(
    status: int, body: Any = None, *, text: str | None = None, **headers: str
) -> Answer:
    def write(handler: BaseHTTPRequestHandler) -> None:
        data = (text or ("" if body is None else json.dumps(body))).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return write


def events(*blocks: tuple[str, str, Any]) -> Answer:
    """A stream of events, `(id, type, data)` each, which ends with the last of them."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(b": heartbeat\n\n")
        for event_id, kind, data in blocks:
            text = f"id: {event_id}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"
            handler.wfile.write(text.encode())

    return write


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection without an answer."""
    handler.close_connection = True


class ScriptedService:
    def __init__(self, *answers: Answer) -> None:
        self.requests: list[Request] = []
        left = list(answers)
        service = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                service.requests.append(Request(self))
                write = left.pop(0) if left else answer(500, {"code": "internal-error"})
                write(self)

            do_GET = do_POST = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> ScriptedService:
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
