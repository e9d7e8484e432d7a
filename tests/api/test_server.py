"""The server over real sockets: no caller that is slow, silent or broken stops the others."""

import gzip
import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from registry.core.settings import Settings
from tests.support.browser import serving
from tests.support.keys import bearer, office
from tests.support.uploads import Desk, row, table
from tests.support.waiting import eventually

SLOW = 24
"""Callers: eight for each thread of the server."""
POST = "POST /v1/validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
ADDRESS = json.dumps({"address": "12 Phố Láng"}).encode()


@dataclass(frozen=True)
class Service:
    desk: Desk
    url: str

    def connect(self) -> socket.socket:
        """A connection that waits no longer than a test may."""
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return socket.create_connection((parts.hostname, parts.port), timeout=20)

    def exchange(self, sent: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """Status and JSON of the server's response to raw bytes."""
        with self.connect() as connection:
            connection.sendall(sent.encode() + body)
            return answer(connection)

    def incoming(self) -> list[Path]:
        return list((self.desk.settings.var / "imports" / "incoming").glob("*"))


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """One response: status, and its body as JSON."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(65536)
        assert part, got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return int(head[9:12]), json.loads(body) if body[:1] == b"{" else {}


def get(path: str, *headers: str) -> str:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: a", *headers, "", ""))


@pytest.fixture(scope="module")
def service(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    settings = Settings(limits=False, var=tmp_path_factory.mktemp("var"))
    with (
        office(admin_url, f"server_{worker_id}", settings) as made,
        serving(
            made.place.url,
            "tests.support.hurried:server",
            DIACHISO_VAR=str(settings.var),
            DIACHISO_IMPORT_BYTES=str(10**15),
        ) as url,
    ):
        yield Service(Desk(made, settings), url)


@pytest.mark.thorough
def test_slow_sender_is_disconnected_and_blocks_no_other_caller(service: Service) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(service.connect()) for _ in range(SLOW)]
        for connection in slow:
            connection.sendall(f"{POST}Content-Length: 900000\r\n\r\n1".encode())
        assert service.exchange(get("/v1/units/00004"))[0] == 200
        status, found = service.exchange(f"{POST}Content-Length: {len(ADDRESS)}\r\n\r\n", ADDRESS)
        assert (status, "verdict" in found) == (200, True)
        for connection in slow:
            status, problem = answer(connection)
            assert (status, problem["code"]) == (408, "request_timeout")


@pytest.mark.thorough
def test_slow_reader_blocks_no_other_caller(service: Service) -> None:
    rows = b"".join(b'{"address": "%d Ph\xe1\xbb\x91 L\xc3\xa1ng"}\n' % n for n in range(5_000))
    head = "POST /v1/batch/validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
    with ExitStack() as stack:
        silent = [stack.enter_context(service.connect()) for _ in range(3)]
        for connection in silent:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(f"{head}Content-Length: {len(rows)}\r\n\r\n".encode() + rows)
        assert service.exchange(get("/v1/units/00004"))[0] == 200
        # They also had all turns of batches: these are over once the rows are answered.
        one = b'{"address": "12 Ph\xe1\xbb\x91 L\xc3\xa1ng"}\n'
        eventually(
            lambda: service.exchange(f"{head}Content-Length: {len(one)}\r\n\r\n", one)[0] == 200,
            "a batch is answered beside those that nobody reads",
        )


@pytest.mark.thorough
def test_idle_or_incomplete_connections_block_no_other_caller(service: Service) -> None:
    with ExitStack() as stack:
        for head in ("", "GET /v1/geocode?q=a HTTP/1.1\r\nX: "):
            for _ in range(SLOW):
                stack.enter_context(service.connect()).sendall(head.encode())
        assert service.exchange(get("/v1/units/00004"))[0] == 200


def test_query_may_have_unescaped_utf_8(service: Service) -> None:
    """As curl sends a Vietnamese text."""
    assert service.exchange(get("/v1/geocode?q=HàNội"))[0] == 200
    assert service.exchange(get("/v1/units/00004?é=ộ"))[0] == 422


def test_header_with_an_underscore_is_not_taken_for_one_with_a_dash(service: Service) -> None:
    """A proxy sets `X-Forwarded-For`; `X_Forwarded_For` comes from the client."""
    for name, status in (("X-Api-Key", 401), ("X_Api_Key", 200)):
        asked = get("/v1/units/00004", f"{name}: a")
        assert service.exchange(asked)[0] == status


def test_readiness_is_reported_while_every_thread_waits(service: Service) -> None:
    url = service.desk.office.place.url
    with psycopg.connect(url) as other, ExitStack() as stack:
        other.execute("LOCK TABLE household IN ACCESS EXCLUSIVE MODE")
        waiting = [stack.enter_context(service.connect()) for _ in range(SLOW)]
        for connection in waiting:
            connection.sendall(get("/v1/addresses/1H6XXH2V").encode())
        status, found = service.exchange(get("/readyz?need=writing"))
        assert (status, found["status"]) == (200, "ready")
        other.rollback()
        for connection in waiting:
            assert answer(connection)[0] == 404


def test_chunked_pipelined_and_expected_bodies_are_read(service: Service) -> None:
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (ADDRESS[:7], ADDRESS[7:]))
    status, found = service.exchange(
        f"{POST}Transfer-Encoding: chunked\r\n\r\n", pieces + b"0\r\n\r\n"
    )
    assert (status, "verdict" in found) == (200, True)
    with service.connect() as connection:
        sized = f"{POST}Content-Length: {len(ADDRESS)}\r\n\r\n".encode() + ADDRESS
        connection.sendall(sized + get("/healthz", "Connection: close").encode())
        both = b"".join(iter(lambda: connection.recv(65536), b""))
        assert re.findall(rb"HTTP/1.1 (\d+)", both) == [b"200", b"200"]
        assert both.endswith(b'{"status":"ok"}')
    with service.connect() as connection:
        expects = f"{POST}Content-Length: {len(ADDRESS)}\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(expects.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(ADDRESS)
        assert answer(connection)[0] == 200


def test_streamed_response_is_terminated(service: Service) -> None:
    rows = b'address\n"12 Ph\xe1\xbb\x91 L\xc3\xa1ng"\n"13",one too many\n"14"\n'
    head = "POST /v1/batch/validate HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n"
    with service.connect() as connection:
        connection.sendall(f"{head}Content-Length: {len(rows)}\r\n\r\n".encode() + rows)
        got = b""
        while not got.endswith(b"0\r\n\r\n"):
            part = connection.recv(65536)
            assert part, got
            got += part
    assert got.count(b"\n14,") == 1


def test_too_large_or_unauthorised_body_is_refused_before_it_is_sent(service: Service) -> None:
    upload = "POST /v1/imports?source=x HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n"
    status, problem = service.exchange(f"{upload}\r\n")
    assert (status, problem["code"]) == (401, "key_required")
    carrier = bearer(service.desk.office.key("bưu tá", "carrier"))["Authorization"]
    status, problem = service.exchange(f"{upload}Authorization: {carrier}\r\n\r\n")
    assert (status, problem["code"]) == (403, "forbidden")
    status, problem = service.exchange(f"{POST}Content-Length: 1000001\r\n\r\n")
    assert (status, problem["code"]) == (413, "request_entity_too_large")
    # Of a body in pieces that shows only when it has come.
    piece = b"%x\r\n%s\r\n" % (100_000, b" " * 100_000)
    status, problem = service.exchange(f"{POST}Transfer-Encoding: chunked\r\n\r\n", piece * 11)
    assert (status, problem["code"]) == (413, "request_entity_too_large")
    eventually(lambda: service.incoming() == [], "nothing is left of it")


def test_large_file_is_stored_once(service: Service) -> None:
    key = bearer(service.desk.office.key("tệp lớn"))["Authorization"]
    file = table(*(row(str(number), f"R{number}") for number in range(1, 20_000)))
    assert len(file) > 500_000
    upload = f"POST /v1/imports?source=lon HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\n"
    form = b'--x\r\nContent-Disposition: form-data; name="source"\r\n\r\nform\r\n--x\r\n'
    form += b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    form += file + b"\r\n--x--\r\n"
    for body, kind in ((file, "text/csv"), (form, "multipart/form-data; boundary=x")):
        head = f"{upload}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        status, made = service.exchange(
            head.replace("?source=lon", "") if body is form else head, body
        )
        assert status == 202, made
        folder = service.desk.settings.var / "imports" / str(made["id"]) / "delivered"
        assert [path.read_bytes() for path in folder.iterdir()] == [file]
    with service.connect() as broken:
        broken.sendall(f"{upload}Content-Length: {len(file)}\r\n\r\n".encode() + file[:400_000])
        eventually(service.incoming, "a part of it is on the disk")
    eventually(lambda: service.incoming() == [], "what did not come as a whole is gone")


def test_full_disk_is_reported_before_the_body_is_sent(service: Service) -> None:
    key = bearer(service.desk.office.key("đĩa đầy"))["Authorization"]
    upload = f"POST /v1/imports?source=x HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\n"
    status, problem = service.exchange(f"{upload}Content-Length: {10**14}\r\n\r\n")
    assert (status, problem["code"]) == (507, "storage_full")
    assert service.incoming() == []


@pytest.mark.thorough
def test_unwritable_folder_is_reported_with_a_message(
    service: Service, tmp_path: Path, worker_id: str
) -> None:
    (tmp_path / "imports").write_text("a file where the folder should be")
    key = bearer(service.desk.office.key("đĩa chỉ đọc"))["Authorization"]
    file = table(row("1"))
    with serving(service.desk.office.place.url, DIACHISO_VAR=str(tmp_path)) as url:
        there = Service(service.desk, url)
        for length in (len(file), 5_000_000):
            status, problem = there.exchange(
                f"POST /v1/imports?source=x HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\n"
                f"Content-Length: {length}\r\n\r\n",
                file,
            )
            assert (status, problem["code"]) == (503, "storage_unavailable")
            assert str(tmp_path) not in problem["detail"]


def test_invalid_header_and_path_bytes_get_a_response(service: Service) -> None:
    status, problem = service.exchange(
        "GET /v1/whoami HTTP/1.1\r\nHost: a\r\nX-Api-Key: ké\r\n\r\n"
    )
    assert (status, problem["code"]) == (401, "key_truncated")
    assert service.exchange(get("/v1/addresses/%FF%FE"))[0] == 422
    assert service.exchange(get("/v1/units?q=%FF"))[0] == 400


def test_compressed_bodies_are_refused_with_a_message(service: Service) -> None:
    packed = gzip.compress(b" " * 10_000_000)
    head = f"{POST}Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    status, problem = service.exchange(head, packed)
    assert (status, problem["code"]) == (415, "unsupported_media_type")
