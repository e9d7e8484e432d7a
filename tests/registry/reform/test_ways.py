"""Prepared reforms, decisions of people, tables, files of the seeds, and what a kill leaves."""

import csv
import datetime
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.access.keys import NewKey, bind_key, create_key
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError
from registry.core.locks import Lock, hold_lock
from registry.core.settings import ROOT
from registry.files.formats.any_file import read_file
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.lifecycle.change_words import changes_words
from registry.publish.export.run import ExportOptions, export_file
from registry.publish.services.loading import load_services
from registry.reform.due import carry_due, withdraw
from registry.reform.from_seeds import resolution_of_day
from registry.reform.plan import make_plan
from registry.reform.progress import PHASES
from registry.reform.reading import read_resolution
from registry.reform.refusals import ResolutionRefusedError
from registry.reform.run import Options, reform
from registry.reform.undo import undo
from registry.reform.views import MAP, WORKBOOK
from registry.reform.work_file import read_decided
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from registry.units.postcodes import communes_with_postcode
from tests.registry.reform.conftest import Hall
from tests.support.commands import as_process
from tests.support.intake import checksum, deliveries, write
from tests.support.lifecycle import Town
from tests.support.thorough import gate_takes_first
from tests.support.waiting import eventually

DECIDED = "Xã mới (mã)"
SPLIT = """\
changes:
  - split:
      unit: "00199"
      into:
        - into: {code: "00201", name: Láng Đông, kind: phuong}
          localities: [Tổ 1]
        - into: {code: "00202", name: Láng Tây, kind: phuong}
          localities: [Tổ 2]
"""
MERGE = """\
changes:
  - merge: {units: ["00199", "00190"], into: {code: "00199", name: Láng Mới, kind: phuong}}
"""


def commune_of(town: Town, code: str) -> str:
    ((found,),) = town.rows(
        "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id WHERE h.code = :c",
        c=code,
    )
    return str(found)


def test_undecided_records_are_settled_by_hand(hall: Hall) -> None:
    town, folder = hall.town, hall.folder
    for locality in ("Tổ 1", "Tổ 2"):
        town.do("name-locality", commune="00199", locality=locality)
    named, other = town.house("3", None, locality="Tổ 1"), town.house("27")

    report = hall.carry(SPLIT, dry_run=True, folder=folder)

    assert (report.undecided, report.settled_by) == (1, {"locality": 1})
    assert (folder / MAP).is_file()
    assert (folder / "report.json").is_file()
    table = read_file(folder / WORKBOOK)
    with table.rows() as rows:
        (row,) = list(rows)
    assert row[3] == "00201 00202"
    for wrong, code in (("00190", "decision_elsewhere"), ("12345", "decision_elsewhere")):
        path = write(folder / "d.csv", {"Mã địa chỉ số": row[0], DECIDED: wrong})
        with pytest.raises(ResolutionRefusedError) as caught:
            hall.carry(SPLIT, decided=read_decided(path))
        assert caught.value.refusals[0].code == code
    path = write(folder / "d.csv", {"Mã địa chỉ số": row[0], DECIDED: "202"})

    assert hall.carry(SPLIT, decided=read_decided(path)).undecided == 0
    assert (commune_of(town, named), commune_of(town, other)) == ("00201", "00202")


def test_prepared_reform_is_carried_out_on_its_day(hall: Hall) -> None:
    town, tomorrow = hall.town, today() + datetime.timedelta(days=1)
    code = town.house("27")
    report = hall.carry(MERGE, day=tomorrow)
    assert report.state == "prepared"
    assert commune_of(town, code) == "00199"
    born = "SELECT count(*) FROM admin_unit WHERE source = 'decision 1/NQ'"
    assert town.rows(born) == [(1,)]
    late = town.house("29")

    carry_due(town.engine)
    assert town.rows("SELECT state FROM reform") == [("prepared",)]
    # The day comes.
    with session_scope(town.engine) as session:
        for statement in (
            "UPDATE reform SET effective_on = current_date, resolution = jsonb_set(resolution,"
            " '{said,resolution,effective}', to_jsonb(current_date::text))",
            "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), current_date)"
            " WHERE upper(lifetime) = current_date + 1",
            "UPDATE admin_unit SET lifetime = daterange(current_date, NULL)"
            " WHERE lower(lifetime) = current_date + 1",
            "UPDATE admin_unit_version SET valid = daterange(lower(valid), current_date)"
            " WHERE upper(valid) = current_date + 1",
            "UPDATE admin_unit_version SET valid = daterange(current_date, NULL)"
            " WHERE lower(valid) = current_date + 1",
            "UPDATE admin_unit_succession SET effective_on = current_date"
            " WHERE effective_on = current_date + 1",
        ):
            session.execute(text(statement))
    carry_due(town.engine)
    carry_due(town.engine)

    assert town.rows("SELECT state FROM reform") == [("carried",)]
    assert town.rows(born) == [(1,)]
    assert commune_of(town, code) == commune_of(town, late) == "00199"
    assert town.record(code).unit_id == town.record(late).unit_id
    assert town.rows(
        "SELECT v.name FROM household h JOIN admin_unit_version v ON v.unit_id = h.unit_id"
        " WHERE h.code = :c AND upper_inf(v.valid)",
        c=code,
    ) == [("Láng Mới",)]


def test_prepared_reform_is_withdrawn(hall: Hall) -> None:
    units = "SELECT md5(string_agg(u::text, ',' ORDER BY id)) FROM admin_unit u"
    versions = "SELECT md5(string_agg(concat(unit_id, name, kind, province_id, valid), ','"
    versions += " ORDER BY unit_id, valid)) FROM admin_unit_version"
    before = hall.town.rows(units), hall.town.rows(versions)
    hall.carry(MERGE, day=today() + datetime.timedelta(days=3))
    assert (hall.town.rows(units), hall.town.rows(versions)) != before

    withdraw(hall.town.engine, "1/NQ", actor="tests")

    assert (hall.town.rows(units), hall.town.rows(versions)) == before


def test_table_gives_the_same_reform(hall: Hall) -> None:
    head = {"number": "1/NQ", "title": "Bảng", "date": "1/11/2026", "effective": "02/11/2026"}
    rows = [
        head | {"change": "1", "what": "gộp", "unit": "199", "into": "199",
                "name": "phường Láng Mới",
                "kind": "phuong"},
        {"change": "1", "what": "gộp", "unit": "190", "into": "199"},
        {"change": "2", "what": "tách", "unit": "00008", "into": "00008", "name": "Bắc",
         "kind": "phuong", "streets": "Phố Dài [1-99 lẻ]; Phố Đội Cấn"},
        {"change": "2", "what": "tách", "unit": "00008", "into": "00009", "name": "Nam",
         "kind": "phuong", "streets": "Phố Dài [2- chẵn]", "rest": "x"},
        {"change": "3", "what": "đổi tên", "unit": "00004", "name": "Ba Đình Mới"},
        {"change": "4", "what": "lập mới", "unit": "00070", "whole": "x", "into": "00071",
         "name": "Hồ Mới", "kind": "phuong", "province": "01"},
        {"change": "4", "what": "thành lập", "unit": "00082", "rest": "x", "into": "00071"},
    ]  # fmt: skip
    document = read_resolution(write(hall.folder / "r.csv", *rows))

    changes = [change.what for change in document.resolution.changes]
    assert [what for what, _ in changes] == ["merge", "split", "rename", "new"]
    assert changes[0][1].units == ("00199", "00190")
    assert changes[0][1].into.name == "Láng Mới"  # without its kind
    first = changes[1][1].into[0].street_parts
    assert (first[0].first, first[0].last, first[0].side) == (1, 99, "odd")
    assert first[1].is_whole
    (even,) = changes[1][1].into[1].street_parts
    assert (even.first, even.last, even.side) == (2, None, "even")
    assert str(document.resolution.resolution.effective) == "2026-11-02"
    assert document.line("changes", 1, "split", "into", 1) == 5
    assert document.line("changes", 3, "new", "parts", 1) == 8

    rows[2]["kind"], rows[3]["rest"] = "lạ", "còn lại"
    with pytest.raises(ResolutionRefusedError) as caught:
        read_resolution(write(hall.folder / "r.csv", *rows))
    wrong = [(each.code, each.line) for each in caught.value.refusals]
    assert wrong == [("malformed", 4), ("malformed", 5)]


@pytest.mark.parametrize("day", gate_takes_first(2, ["2025-01-01", "2026-04-30", "2025-07-01"]))
def test_real_reforms_are_taken_from_the_seeds(hall: Hall, day: str) -> None:
    path = hall.folder / "seeds.yaml"
    with session_scope(hall.town.engine) as session:
        known = load_gazetteer(session)
    made = resolution_of_day(known, datetime.date.fromisoformat(day), None)
    path.write_text(made, encoding="utf-8")

    document = read_resolution(path)
    on = datetime.date.fromisoformat(day)
    steps = (step for step in known.steps if step.effective_on == on and step.extent == "full")
    ended = {step.predecessor.code for step in steps if step.predecessor.ended == on}
    assert set(re.findall(r'unit: "(\d+)"\n +whole: true', made)) <= ended

    # On today's map they have already happened: that is refused, and not the format of the file.
    with pytest.raises(ResolutionRefusedError) as caught:
        make_plan(document, known)
    allowed = {"unit_ended", "unit_unknown", "day_too_early", "code_in_use", "name_in_use"}
    assert {each.code for each in caught.value.refusals} <= allowed | {"province_missing"}


def test_parts_of_a_split_unit_keep_its_target_and_keys_until_narrowed(hall: Hall) -> None:
    engine = hall.town.engine
    for locality in ("Tổ 1", "Tổ 2"):
        hall.town.do("name-locality", commune="00199", locality=locality)
    with session_scope(engine) as session:
        create_key(session, NewKey("Láng", "editor", ("00199",)))
    hall.count_targets({"00199": 10})
    serve(hall, "00199")
    hall.carry(SPLIT)
    assert served(hall) == ["00201", "00202"]

    # No household shows how to divide the target between the parts.
    assert hall.targets() == {"00201": (5, "estimate"), "00202": (5, "estimate")}
    with session_scope(engine) as session:
        assert sorted(bind_key(session, "Láng", ["00201"])) == ["00201", "00202"]
        with pytest.raises(InvalidInputError):
            bind_key(session, "Láng", ["00199"])

    bound = "SELECT u.code, b.widened_by_event_id FROM api_key_unit b JOIN admin_unit u"
    assert hall.town.rows(f"{bound} ON u.id = b.unit_id") == [("00201", None)]


def test_import_with_outdated_units_reads_them_again(hall: Hall) -> None:
    """What ended meanwhile is not what a row of it is published in."""
    engine = hall.town.engine
    deliver = deliveries(engine, hall.folder)
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    row = {"commune_code": "00199", "street": "Phố Láng", "house_number": "1"}

    with session_scope(engine) as session:
        hold_lock(session, Lock.PUBLICATION)
        thread = threading.Thread(target=deliver, args=(row,))
        thread.start()
        eventually(lambda: hall.town.rows(waits) == [(1,)], "the import waits")
        # What a reform that holds the lock does to units.
        session.execute(text("UPDATE admin_unit SET source = source WHERE code = '00199'"))
    thread.join()

    assert hall.town.rows("SELECT count(*) FROM household") == [(1,)]


@pytest.mark.thorough
def test_undone_reforms_of_one_day_may_reuse_a_code(hall: Hall) -> None:
    serve(hall, "00199")
    for unit in ("00199", "00190"):
        born = "{code: '00201', name: Mới, kind: phuong}"
        hall.carry(f'changes:\n  - merge: {{units: ["{unit}"], into: {born}}}\n', number=unit)
        assert served(hall) == (["00201"] if unit == "00199" else ["00199"])
        undo(hall.town.engine, unit, actor="tests")
    assert served(hall) == ["00199"]
    assert hall.town.rows("SELECT number, state FROM reform ORDER BY id") == [
        ("00199", "undone"),
        ("00190", "undone"),
    ]


def test_undo_restores_a_service_that_covered_the_successor_too(hall: Hall) -> None:
    serve(hall, "00199 00025")
    hall.carry('changes:\n  - merge: {units: ["00199"], into: "00025"}\n')
    assert served(hall) == ["00025"]
    undo(hall.town.engine, "1/NQ", actor="tests")
    assert served(hall) == ["00025", "00199"]


def serve(hall: Hall, communes: str) -> None:
    """Let a carrier serve communes."""
    path = write(hall.folder / "s.csv", {"service": "A", "kind": "giao", "communes": communes})
    with session_scope(hall.town.engine) as session:
        known = load_gazetteer(session)
    assert load_services(hall.town.engine, known, path, "Hãng").written


def served(hall: Hall) -> list[str]:
    """Codes of the communes that it serves."""
    rows = hall.town.rows(
        "SELECT u.code FROM service_area_unit a JOIN admin_unit u ON u.id = a.unit_id ORDER BY 1"
    )
    return [code for (code,) in rows]


KILLED_AT_EACH = """\
import os, signal, sys
from pathlib import Path
from registry.core.database import make_engine
from registry.reform.reading import read_resolution
from registry.reform.run import Options, reform

url, path, *phases = sys.argv[1:]
document = read_resolution(Path(path))
for killed_at in phases:
    child = os.fork()
    if not child:
        def entering(phase, _done):
            if phase == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)
        reform(make_engine(url), document, Options("tests", waits=True), entering)
        os._exit(0)
    print(killed_at, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.thorough
def test_killed_reform_leaves_all_or_nothing(hall: Hall) -> None:
    town = hall.town
    town.house("27")
    for number in range(1, 40):
        town.do("propose", commune="00199", street="Phố Láng", house_number=str(100 + number))
    path = hall.file(MERGE)
    before = checksum(town.engine)

    command = [sys.executable, "-c", KILLED_AT_EACH, town.url, str(path), *PHASES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)

    killed = [f"{phase} {-signal.SIGKILL}" for phase in PHASES]
    assert done.stdout.splitlines() == killed
    options = Options("tests", dry_run=True, waits=True)
    assert reform(town.engine, read_resolution(path), options).state == "dry_run"
    assert checksum(town.engine) == before
    assert town.rows("SELECT count(*) FROM reform") == [(0,)]
    assert reform(town.engine, read_resolution(path), Options("tests")).state == "carried"


@pytest.mark.thorough
def test_command_carries_out_a_reform(hall: Hall) -> None:
    house = hall.town.house("27")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        return as_process("reform", *arguments, DATABASE_URL=hall.town.url)

    path = hall.file(MERGE)
    tried = run(path, "--dry-run", "--report", hall.folder / "out")
    assert (tried.returncode, "Đã rõ 1 / 1 mã" in tried.stdout.decode()) == (0, True), tried.stderr
    assert run(path).returncode == 0
    again = run(path)
    assert again.returncode == 1
    assert "dòng 2: 1/NQ: nghị quyết này đã nạp" in again.stderr.decode()
    tried = run("--undo", "1/NQ", "--dry-run")
    assert (tried.returncode, tried.stdout.decode()) == (
        0,
        "Sẽ huỷ 0 mã; 1 nhà sẽ trở lại như trước.\n",
    )
    hall.town.do("renumber", code=house, house_number="29")
    blocked = run("--undo", "1/NQ", "--dry-run")
    assert (blocked.returncode, "trở lại" in blocked.stdout.decode()) == (1, False)
    hall.town.do("renumber", code=house, house_number="27")
    assert run().returncode == 2
    assert run("--from-seeds", "2026-04-30").stdout.startswith(b"resolution:")
    assert "không có thay đổi" in run("--from-seeds", "0001-01-01").stderr.decode()


def test_history_tells_units_of_one_name_apart_by_their_codes(hall: Hall) -> None:
    house = hall.town.house("27")
    hall.carry(MERGE.replace('{code: "00199", name: Láng Mới', '{code: "00201", name: Láng'))
    with session_scope(hall.town.engine) as session:
        known = load_gazetteer(session)
    words = changes_words(known, hall.town.steps(house)[-1].changes)
    assert ("Phường Láng (00199)", "Phường Láng (00201)") in [line[1:] for line in words]


RENUMBERED = """\
changes:
  - merge: {units: ["00199"], into: {code: "00201", name: Láng Mới, kind: phuong}}
  - merge: {units: ["00190", "00025"], into: {code: "00202", name: Giảng Võ Mới, kind: phuong}}
"""


def test_postcode_follows_a_commune_merged_whole(hall: Hall) -> None:
    report = hall.carry(RENUMBERED)
    assert report.without_postcode == ("00202 Phường Giảng Võ Mới",)
    with session_scope(hall.town.engine) as session:
        known = load_gazetteer(session)
    (found,) = known.identified("postcode", "11528", today())
    assert found.code == "00201"
    # A former postcode leads to the successor of its commune.
    meant = communes_with_postcode(known, "11511", today())
    assert [known.units[unit].code for unit in meant] == ["00202"]
    undo(hall.town.engine, report.number, actor="ministry")
    with session_scope(hall.town.engine) as session:
        known = load_gazetteer(session)
    (found,) = known.identified("postcode", "11528", today())
    assert found.code == "00199"


def test_edited_export_of_a_reformed_commune_keeps_its_streets(hall: Hall) -> None:
    """Its former commune has the code of another one of the old map."""
    engine, path = hall.town.engine, hall.folder / "export.csv"
    hall.town.house("27")
    hall.carry(RENUMBERED)
    streets = "SELECT count(*), count(former_unit_id) FROM place WHERE class = 'street'"
    before = hall.town.rows(streets)
    export_file(engine, path, ExportOptions("csv"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["former_commune_code"], row["former_commune"]) == ("00199", "Phường Láng")
    write(path, row | {"uses": "trụ sở: UBND phường Láng Mới"})

    result = import_file(engine, path, ImportOptions("export"), lambda _rows: None)

    assert (result.changed, result.problems) == (1, {})
    assert hall.town.rows(streets) == before
