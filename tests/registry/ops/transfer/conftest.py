"""A small register with everything in it, written once for all tests of transfers."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.core.database import session_scope
from registry.core.events import Cause, write_scope
from registry.intake.publishing.rollback import roll_back
from registry.ops.transfer.manifest import NAME, Codes, Manifest, PartSum
from registry.ops.transfer.reading import read_transfer
from registry.ops.transfer.writing import write_transfer
from registry.reform.reading import read_resolution
from registry.reform.run import Options, reform
from tests.support.intake import deliveries, door
from tests.support.lifecycle import COMMUNE, LANG, Town, town

WHY = {"reason": "tests", "decision_number": "12/QĐ-UBND"}
RESOLUTION = """\
resolution: {number: 1/NQ, title: Sắp xếp, date: 2026-01-02, effective: %s}
changes:
  - merge:
      units: ["26743", "26740"]
      into: {code: "99901", name: Bến Thành Mới, kind: phuong}
"""
BESIDE = (
    "INSERT INTO external_id VALUES (:code, 'postcode', '11500', '[2026-01-01,2027-01-01)')",
    "INSERT INTO unit_identifier (unit_id, scheme, value, source)"
    " SELECT unit_id, 'ghn', '20308', 'file ghn.csv' FROM household WHERE code = :code",
    "INSERT INTO plate (code, issued_on, mounted_on, lost_on)"
    " VALUES (:code, '2026-01-02', '2026-01-03', '2026-02-03'), (:code, '2026-03-02', NULL, NULL)",
    "INSERT INTO certificate (number, code, unit_id, issued_on, label, event_id)"
    " SELECT 'N1', code, unit_id, '2026-04-01', 'Số 1A Phố Thử', event_id FROM household"
    " WHERE code = :code",
    "INSERT INTO field_report (kind, code, unit_id, point, reporter_role, address_parts)"
    " SELECT 'wrong_point', code, unit_id, point, 'carrier', '{\"a\": null}' FROM household"
    " WHERE code = :code",
    "INSERT INTO target (unit_id, locality_id, households, quality, source, reference_date)"
    " SELECT unit_id, id, 12, 'declared', 'UBND', '2026-01-01' FROM place"
    " WHERE class = 'locality' LIMIT 1",
    "INSERT INTO source_name VALUES ('phuong', 'Phố Tử', 'Phố Thử')",
    "INSERT INTO coverage_day (day, unit_id, households, dwellings, positioned, verified,"
    " deliverable, plated, suspected, unnumbered)"
    " SELECT '2026-05-01', unit_id, 1, 1, 1, 0, 1, 0, 0, 0 FROM household WHERE code = :code",
)


@pytest.fixture(scope="module")
def place(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """The register that is transferred."""
    with town(admin_url, f"transfer_{worker_id}") as made:
        _fill(made, tmp_path_factory.mktemp("delivered"))
        yield made


def _fill(place: Town, folder: Path) -> None:
    deliver = deliveries(place.engine, folder)
    deliver(door("5", "r5"), door("7", "r7"))
    deliver(door("7", "r7", locality="Tổ 3"), door("9", "r9"))
    taken_back = deliver(door("11", "r11", street="Phố Tạm"), source="khác")
    roll_back(place.engine, taken_back.import_id)
    for name in ("Phố Thử", "Phố Cũ", "Phố Gộp"):
        place.street(name)
    for name in ("Khu phố 8", "Tổ 5, Khu phố 8", "Tổ 6, Khu phố 8"):
        place.do("name-locality", commune=COMMUNE, locality=name)
    one = place.house("1", "Phố Thử", **LANG)
    three = place.house("3", "Phố Thử", households_count=3)
    old = place.house("5", "Phố Cũ", delivery_hint="gần chợ")
    merged = place.house("7", "Phố Gộp")
    hamlet = place.house("9", None, locality="Tổ 6, Khu phố 8")
    place.do("renumber", code=one, house_number="1A", **WHY)
    place.do("split", code=three, parts=[{"house_number": n} for n in ("3A", "3B")], **WHY)
    place.do("merge", codes=[place.house("11", "Phố Thử")], into=one, **WHY)
    place.do("rename-street", commune=COMMUNE, street="Phố Cũ", new_name="Phố Mới", **WHY)
    place.do("merge-street", commune=COMMUNE, street="Phố Gộp", into="Phố Mới", **WHY)
    into = {"into": "Tổ 5, Khu phố 8", "locality": "Tổ 6, Khu phố 8"}
    place.do("merge-locality", commune=COMMUNE, **into, **WHY)
    office = {"use": "office", "name": "UBND phường Láng", "since": "2025-07-01"}
    place.do("uses", code=one, uses=[office])
    place.do("correct", code=old, restricted=True, reason="tests")
    place.do("replace", code=merged, reason="tests")
    place.retire(hamlet)
    place.do("reinstate", code=hamlet, reason="tests")
    place.reserve(2)
    place.do("propose", commune=COMMUNE, street="Phố Thử", house_number="99")
    building = place.house(None, "Phố Thử", kind="building", building="Toà CT1")
    place.house(None, None, parent=building, unit_number="1205", floor="12")
    place.street("Phố Bến", commune="26743")
    place.house("27", "Phố Bến", commune="26743")
    with write_scope(place.engine, Cause("beside", "tests")) as session:
        for statement in BESIDE:
            session.execute(text(statement), {"code": one})
    _reform(place, folder)


def _reform(place: Town, folder: Path) -> None:
    with session_scope(place.engine) as session:
        day = session.scalar(text("SELECT current_date"))
    path = folder / "r.yaml"
    path.write_text(RESOLUTION % day, encoding="utf-8")
    reform(place.engine, read_resolution(path), Options("ministry"))


@pytest.fixture(scope="module")
def file(place: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The register as a transfer file."""
    path = tmp_path_factory.mktemp("transfer") / "register.zip"
    write(place.url, path)
    return path


def write(url: str, path: Path) -> Manifest:
    """`transfer out`."""
    return write_transfer(url, path, progress=lambda _lines: None, report=lambda _line: None)


def read(url: str, path: Path) -> Manifest:
    """`transfer in`."""
    return read_transfer(url, path, progress=lambda _lines: None, report=lambda _line: None)


Change = Callable[[list[dict[str, object]]], None]


def edited(source: Path, target: Path, part: str, change: Change, **codes: object) -> Path:
    """The file with one part changed, and sums that agree with it."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        given = json.loads(old.read(NAME))
        parts = {name: PartSum(**each) for name, each in given.pop("parts").items()}
        del given["content"]
        lines = [json.loads(line) for line in old.read(f"{part}.jsonl").splitlines()]
        change(lines)
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        for name in parts:
            new.writestr(f"{name}.jsonl", body if name == part else old.read(f"{name}.jsonl"))
        parts[part] = PartSum(parts[part].members, len(lines), hashlib.sha256(body).hexdigest())
        made = Codes(**given.pop("codes") | codes)
        new.writestr(NAME, Manifest(**given, codes=made, parts=parts).to_json())
    return target
