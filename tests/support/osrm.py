"""A routing server on this machine: OSRM's `table`, with roads that are twice the straight line."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from registry.route.distances import straight_m

METRES_A_SECOND = 5.0


@dataclass
class Osrm:
    """What it says in place of a table, where a test wants that; and how often it was asked."""

    url: str
    says: bytes | None = None
    status: int = 200
    """Of what it says: errors come with 400."""
    asked: list[str] = field(default_factory=list)


@contextmanager
def routing() -> Iterator[Osrm]:
    """One that is served on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            body = json.dumps(_table(self.path)).encode() if made.says is None else made.says
            self.send_response(made.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Osrm(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _table(path: str) -> dict[str, Any]:
    parts = urlsplit(path)
    points = [
        (float(lon), float(lat))
        for lon, lat in (each.split(",") for each in parts.path.rpartition("/")[2].split(";"))
    ]
    query = parse_qs(parts.query)
    first, last = (
        [points[int(at)] for at in query[name][0].split(";")]
        for name in ("sources", "destinations")
    )
    metres = [[2 * straight_m(one, other) for other in last] for one in first]
    return {
        "code": "Ok",
        "distances": metres,
        "durations": [[each / METRES_A_SECOND for each in row] for row in metres],
    }
