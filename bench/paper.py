"""How long paper takes, on a register that holds households; and pictures of it.

    DATABASE_URL=… python -m bench.paper [--pictures FOLDER]

Takes the street of most doors. Nothing is written but the certificates.
"""

import argparse
import os
import resource
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pypdfium2
from sqlalchemy import text

from geo.label import named
from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.lifecycle.requests import Doors
from registry.lifecycle.table import BY_NAME
from registry.publish.paper.certificates import issue_certificate
from registry.publish.paper.decisions import planned_decision
from registry.publish.paper.lists import print_list
from registry.publish.paper.plates import PlateForm, print_plates
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Paper
from registry.units.gazetteer_loading import load_gazetteer

CERTIFICATES = 20
STREETS = """
    SELECT u.code, f.code, t.kind, t.name FROM place t JOIN admin_unit u ON u.id = t.unit_id
    LEFT JOIN admin_unit f ON f.id = t.former_unit_id
    WHERE t.id = (SELECT street_id FROM household WHERE street_id IS NOT NULL
        AND status = 'active' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)
"""
CODES = "SELECT code FROM household WHERE status = 'active' ORDER BY code LIMIT 1000"


def timed(what: str, make: Callable[[], Paper]) -> Paper:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    paper = make()
    took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{what}: {took:.2f} s, press {cpu:.2f} s of processor, {after.ru_maxrss / 1024:.0f} MB at"
        f" most so far; {paper.items} items, {len(paper.pdf):,} bytes, {paper.notices}"
    )
    return paper


def write_png(pdf: bytes, page: int, path: Path, dpi: int) -> None:
    """A page as a small PNG."""
    document = pypdfium2.PdfDocument(pdf)
    pixels = document[page].render(scale=dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3]
    height, width, _ = pixels.shape
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    document.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path)
    folder = parser.parse_args().pictures
    url = os.environ["DATABASE_URL"]
    engine, reads = make_engine(url), Reads(url, pool_size=1, statement_timeout_ms=60_000)
    site = Site("https://diachiso.example.vn", True)
    with session_scope(engine) as session:
        known = load_gazetteer(session)
        commune, former, kind, name = session.execute(text(STREETS)).one()
        codes = list(session.scalars(text(CODES)))
        place = {"commune": commune, "former_commune": former, "street": named(kind, name)}
        street = Doors.model_validate(place)
        timed(
            f"{len(codes)} plates", lambda: print_plates(session, known, site, Doors(codes=codes))
        )
        plates = timed(
            "plates of a street",
            lambda: print_plates(session, known, site, street, PlateForm("120x80")),
        )
        field = timed("list", lambda: print_list(session, known, site, street, "field"))
    made = (engine, reads, known, site)
    start = time.perf_counter()
    for code in codes[:CERTIFICATES]:
        certificate = issue_certificate(*made, code)[1]
    each = (time.perf_counter() - start) / CERTIFICATES
    print(f"a certificate: {each:.2f} s, the mean of {CERTIFICATES}")
    operation = BY_NAME["rename-street"]
    request = operation.request.model_validate(place | {"new_name": "Đường Ánh Sáng"})
    decision = timed("decision", lambda: planned_decision(*made, operation, request))
    if folder:
        for shown, pdf, page, dpi in (
            ("plates", plates.pdf, 0, 60),
            ("field", field.pdf, 0, 70),
            ("certificate", certificate.pdf, 0, 70),
            ("decision", decision.pdf, 0, 70),
        ):
            write_png(pdf, page, folder / f"paper-{shown}.png", dpi)
    reads.close()
    engine.dispose()


if __name__ == "__main__":
    main()
