"""A receiver of webhooks on this machine: it keeps what comes, and answers what a test wants."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG = "hang"
"""Say nothing until the test is over."""
DRIP = "drip"
"""Send a letter of the head now and then."""


@dataclass
class Receiver:
    """The received requests, and the responses: 204 by default."""

    url: str
    messages: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: deque[str | tuple[int, dict[str, str], bytes]] = field(default_factory=deque)
    over: threading.Event = field(default_factory=threading.Event)

    def taken(self) -> list[dict[str, Any]]:
        """The bodies that came since the last time."""
        bodies = [json.loads(body) for _, body in self.messages]
        self.messages.clear()
        return bodies

    def entries(self) -> list[tuple[str, str | None, list[str]]]:
        """Type, code and kinds of the entries that came since the last time."""
        return [
            (entry["type"], entry.get("code"), entry["kinds"])
            for body in self.taken()
            for entry in body["data"]["entries"]
        ]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that is served on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.messages.append(({k.lower(): v for k, v in self.headers.items()}, body))
            answer = made.answers.popleft() if made.answers else (204, {}, b"")
            if isinstance(answer, tuple):
                status, headers, found = answer
                self.send_response(status)
                for name, value in {"content-length": str(len(found)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(found)
                return
            while not made.over.wait(0.05):
                if answer == DRIP:
                    self.connection.sendall(b"H")

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        made = Receiver(f"http://127.0.0.1:{server.server_port}/nhan?tu=so")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.over.set()
            server.shutdown()
            thread.join()
