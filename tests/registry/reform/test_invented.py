"""An invented reform that uses every kind of change at once, and a second one upon it; between
them an import, an operation and a report from the field.
"""

import datetime
from pathlib import Path
from typing import Any

import pytest

from registry.access.keys import NewKey, create_key
from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.lifecycle.reports import ReportContent, file_report
from registry.lifecycle.reports.reporters import Reporter
from registry.ops.doctor import State, run_probes
from registry.records.record import record_wording
from registry.reform.refusals import ReformTouchedError
from registry.reform.undo import undo
from registry.search.geocode import Question, geocode
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from tests.registry.reform.conftest import Hall
from tests.support.intake import checksum, deliveries
from tests.support.lifecycle import Town

FIRST_DAY = today() - datetime.timedelta(days=20)
POLYGON = (
    "{type: Polygon, coordinates: [[[105.85, 21.0], [105.86, 21.0], [105.86, 21.01],"
    " [105.85, 21.01], [105.85, 21.0]]]}"
)
EVERYTHING = f"""\
changes:
  - merge:
      units: ["00199", "00190"]
      into: {{code: "00199", name: Láng Thượng Mới, kind: phuong}}
  - merge: {{units: ["00025"], into: "00004"}}
  - split:
      unit: "00008"
      into:
        - into: {{code: "00008", name: Ngọc Hà Bắc, kind: phuong}}
          streets: [Phố Đội Cấn, {{street: Phố Dài, first: 1, last: 99, side: odd}}]
          localities: [Tổ 1]
        - into: {{code: "00009", name: Ngọc Hà Nam, kind: phuong, seat: [105.855, 21.005]}}
          polygon: {POLYGON}
        - into: {{code: "00010", name: Ngọc Hà Tây, kind: phuong}}
          rest: true
  - move:
      part: {{unit: "00070", streets: [Phố Hàng Bài]}}
      into: "00082"
  - new:
      unit: {{code: "00071", name: Hồ Tây Mới, kind: phuong}}
      parts:
        - {{unit: "00103", localities: [Tổ 7]}}
        - {{unit: "00091", whole: true}}
  - rename: {{unit: "00118", name: Bồ Đề Mới}}
  - kind: {{unit: "00127", kind: xa}}
  - province: {{unit: "00136", province: "24"}}
  - abolish: {{unit: "00145"}}
  - move:
      part: {{unit: "00145", streets: [Phố Sài Đồng]}}
      into: "00127"
  - move:
      part: {{unit: "00145", rest: true}}
      into: "00118"
  - merge:
      units: ["04", "20"]
      into: {{code: "21", name: Cao Lạng, kind: tinh}}
"""
AGAIN = """\
changes:
  - merge:
      units: ["00199", "00004"]
      into: {code: "00198", name: Đống Hà, kind: phuong}
  - merge: {units: ["00009", "00010"], into: "00008"}
  - rename: {unit: "00118", name: Bồ Đề}
  - split:
      unit: "00071"
      into:
        - {into: {code: "00072", name: Phú Tây, kind: phuong}, former: ["00091"]}
        - {into: {code: "00073", name: Tây Phú, kind: phuong}, rest: true}
"""


class World:
    """Doors of every kind, and what they were called."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.codes: dict[str, str] = {}
        self.printed: dict[str, set[str]] = {}

    def door(
        self, name: str, commune: str, number: str | None, street: str | None, **f: Any
    ) -> None:
        if street and (commune, street) not in self.named:
            self.town.street(street, commune=commune)
            self.named.add((commune, street))
        self.codes[name] = self.town.house(number, street, commune=commune, **f)

    def build(self) -> None:
        self.named: set[tuple[str, str]] = {("00199", "Phố Láng")}
        for commune, locality in (("00008", "Tổ 1"), ("00008", "Tổ 2"), ("00103", "Tổ 7")):
            self.town.do("name-locality", commune=commune, locality=locality)
        at = {"lon": 105.855, "lat": 21.005}
        self.door("láng 27", "00199", "27", "Phố Láng")
        self.door("láng 5", "00199", "5", "Phố Nguyễn Trãi")
        self.door("dừa 5", "00190", "5", "Phố Nguyễn Trãi")
        self.door("giảng võ 1", "00025", "1", "Phố Giảng Võ")
        self.door("ba đình 1", "00004", "1", "Phố Quán Thánh")
        self.door("đội cấn 3", "00008", "3", "Phố Đội Cấn")
        self.door("dài 7", "00008", "7", "Phố Ngắn")
        outside = {"lon": 105.845, "lat": 21.005}
        self.door("dài 8", "00008", "8", "Phố Ngắn", **outside)
        self.door("dài 101", "00008", "101", "Phố Ngắn", **outside)
        self.door("dài, no point", "00008", "102", "Phố Ngắn")
        self.door("tổ 1", "00008", "4", None, locality="Tổ 1", **at)
        self.door("in the polygon", "00008", "9", "Phố Vuông", locality="Tổ 2", **at)
        self.door("hàng bài 2", "00070", "2", "Phố Hàng Bài")
        self.door("tràng tiền 2", "00070", "2", "Phố Tràng Tiền")
        self.door("tổ 7", "00103", "6", None, locality="Tổ 7")
        self.door("tây hồ 2", "00103", "2", "Phố Quảng An", locality=None)
        self.door("phú thượng 2", "00091", "2", "Phố Phú Gia")
        self.door("bồ đề 1", "00118", "1", "Phố Ái Mộ")
        self.door("việt hưng 1", "00127", "1", "Phố Hoa Lâm")
        self.door("sài đồng 1", "00145", "1", "Phố Sài Đồng")
        self.door("cự khối 1", "00145", "1", "Phố Cự Khối")
        self.door("phúc lợi 1", "00136", "1", "Phố Phúc Lợi")
        self.print_labels()
        # What a street that is cut, and a door of it, were called before.
        self.town.do(
            "rename-street",
            commune="00008",
            street="Phố Ngắn",
            new_name="Phố Dài",
            decision_number="1/QĐ",
        )
        self.town.do(
            "renumber", code=self.codes["dài 8"], house_number="10", decision_number="2/QĐ"
        )
        self.print_labels()

    def print_labels(self) -> None:
        with session_scope(self.town.engine) as session:
            known = load_gazetteer(session)
        for name, code in self.codes.items():
            label = record_wording(known, today(), self.town.record(code)).label
            self.printed.setdefault(name, set()).add(label)

    def communes(self) -> dict[str, str]:
        rows = self.town.rows(
            "SELECT h.code, u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
        )
        of = dict(rows)
        return {name: str(of[code]) for name, code in self.codes.items()}

    def unread(self) -> list[tuple[str, str]]:
        """Labels ever printed that lead to no door, or to others without its own."""
        with session_scope(self.town.engine) as session:
            known = load_gazetteer(session)
        found = []
        for name, labels in self.printed.items():
            for label in labels:
                answers = geocode(known, self.town.reads, Question(text=label))
                codes = {each.record.code for each in answers if each.record is not None}
                if self.codes[name] not in codes:
                    found.append((name, label))
        return found


@pytest.fixture
def world(hall: Hall) -> World:
    made = World(hall.town)
    made.build()
    return made


def ill(town: Town) -> dict[str, str]:
    """What the doctor finds in households, places and units."""
    states = run_probes(Settings(database_url=town.url))
    usual = {
        *("durable", "boundaries_are_real", "background_jobs", "communes_have_a_polygon"),
        "backups_taken",
    }
    return {
        each.name: each.detail
        for each in states
        if each.state in (State.WARNING, State.FAILURE) and each.name not in usual
    }


def keys_of(town: Town) -> dict[str, list[str]]:
    """Name of a key → codes of its units, those that a split gave it with a mark."""
    rows = town.rows(
        "SELECT k.name, array_agg(u.code || CASE WHEN b.widened_by_event_id IS NULL THEN ''"
        " ELSE '?' END ORDER BY u.code) FROM api_key_unit b JOIN api_key k ON k.id = b.key_id"
        " JOIN admin_unit u ON u.id = b.unit_id GROUP BY 1"
    )
    return {str(name): list(units) for name, units in rows}


FIRST_MAP = {
    "láng 27": "00199",
    "láng 5": "00199",
    "dừa 5": "00199",
    "giảng võ 1": "00004",
    "ba đình 1": "00004",
    "đội cấn 3": "00008",
    "dài 7": "00008",
    "dài 8": "00010",
    "dài 101": "00010",
    "dài, no point": "00010",
    "tổ 1": "00008",
    "in the polygon": "00009",
    "hàng bài 2": "00082",
    "tràng tiền 2": "00070",
    "tổ 7": "00071",
    "tây hồ 2": "00103",
    "phú thượng 2": "00071",
    "bồ đề 1": "00118",
    "việt hưng 1": "00127",
    "phúc lợi 1": "00136",
    "sài đồng 1": "00127",
    "cự khối 1": "00118",
}
SECOND_MAP = FIRST_MAP | {
    **dict.fromkeys(("láng 27", "láng 5", "dừa 5", "giảng võ 1", "ba đình 1"), "00198"),
    **dict.fromkeys(("in the polygon", "dài 8", "dài 101", "dài, no point"), "00008"),
    "phú thượng 2": "00072",
    "tổ 7": "00073",
}


def test_reforms_of_every_kind_are_carried_out_twice(
    hall: Hall, world: World, tmp_path: Path
) -> None:
    town = hall.town
    with session_scope(town.engine) as session:
        create_key(session, NewKey("Ngọc Hà", "editor", ("00008",)))
        create_key(session, NewKey("Láng", "editor", ("00199",)))
        create_key(session, NewKey("Cao Bằng", "editor", ("04",)))
    hall.count_targets({"00199": 100, "00190": 50, "00008": 60, "00025": 7, "00004": 8})
    codes, columns = set(world.codes.values()), "code, house_number, building_name, point, status"
    doors = town.rows(f"SELECT {columns} FROM household ORDER BY code")

    report = hall.carry(EVERYTHING, day=FIRST_DAY, nearest=True)

    # One that may lie in the polygon, and one that may lie in the hamlet.
    assert report.undecided == 2
    assert world.communes() == FIRST_MAP
    assert world.unread() == []
    world.print_labels()
    assert world.unread() == []
    assert set(ill(town)) == {"keys_are_bound_to_living_units"}
    assert keys_of(town) == {
        "Ngọc Hà": ["00008?", "00009?", "00010?"],
        "Láng": ["00199"],
        "Cao Bằng": ["21"],
    }
    assert hall.targets() == {
        "00199": (150, "declared"),
        "00004": (15, "declared"),
        "00008": (26, "derived"),
        "00009": (8, "derived"),
        "00010": (26, "derived"),
    }
    assert [each.partition(" (")[0] for each in report.streets_meet] == [
        "Phường Láng Thượng Mới: Phố Nguyễn Trãi"
    ]
    assert len(report.numbers_meet) == 1
    # The feed lists exactly the moved records.
    moved = {
        code
        for (code,) in town.rows(
            "SELECT code FROM household WHERE event_id = :e", e=report.event_id
        )
    }
    assert moved == codes - {
        world.codes[name]
        for name in (
            "ba đình 1",
            "tràng tiền 2",
            "tây hồ 2",
            "bồ đề 1",
            "việt hưng 1",
            "phúc lợi 1",
        )
    }

    assert doors == town.rows(f"SELECT {columns} FROM household ORDER BY code")
    between(town, world, tmp_path)
    doors = town.rows(
        f"SELECT {columns} FROM household WHERE code = ANY (:codes) ORDER BY code",
        codes=list(codes),
    )
    report = hall.carry(AGAIN, number="2/NQ")

    assert report.undecided == 0
    assert world.communes() == SECOND_MAP | {"new": "00198"}
    assert world.unread() == []
    world.print_labels()
    assert world.unread() == []
    assert ill(town) == {}
    assert set(world.codes.values()) - {world.codes["new"]} == codes
    assert doors == town.rows(
        f"SELECT {columns} FROM household WHERE code = ANY (:codes) ORDER BY code",
        codes=list(codes),
    )
    assert {
        row
        for (row,) in town.rows(
            "SELECT u.code FROM field_report f JOIN admin_unit u ON u.id = f.unit_id"
        )
    } == {"00198"}

    with pytest.raises(ReformTouchedError):
        undo(town.engine, "1/NQ", actor="tests")
    undo(town.engine, "2/NQ", actor="tests")
    assert world.communes() == FIRST_MAP | {"new": "00199"}
    assert world.unread() == []
    assert keys_of(town)["Ngọc Hà"] == ["00008?", "00009?", "00010?"]


def between(town: Town, world: World, folder: Path) -> None:
    """What happens while the first reform is in force."""
    deliver = deliveries(town.engine, folder)
    result = deliver(
        {"commune_code": "00199", "street": "Phố Láng", "house_number": "41", "source_ref": "a"}
    )
    assert result.new == 1
    ((new,),) = town.rows("SELECT code FROM household_ref WHERE source_ref = 'a'")
    world.codes["new"] = str(new)
    town.do("renumber", code=world.codes["láng 27"], house_number="29", decision_number="3/QĐ")
    report = ReportContent("no_such_house", code=world.codes["dừa 5"])
    with session_scope(town.engine) as session:
        known = load_gazetteer(session)
    file_report(town.engine, town.reads, known, Reporter("carrier", "key:shipper"), report)


@pytest.mark.thorough
def test_undo_restores_the_former_state(hall: Hall, world: World) -> None:
    town = hall.town
    before, communes = checksum(town.engine), world.communes()
    hall.carry(EVERYTHING, day=FIRST_DAY, nearest=True)
    world.print_labels()
    ((moved,), *_) = town.rows(
        "SELECT code FROM household WHERE status = 'active'"
        " AND event_id = (SELECT event_id FROM reform WHERE number = '1/NQ')"
    )
    later = town.do("verify", code=moved, on=today().isoformat())
    with pytest.raises(ReformTouchedError):
        undo(town.engine, "1/NQ", actor="tests")
    # Undone operations do not block the undo.
    town.do("undo", event_id=later.event_id, reason="tests")

    undone = undo(town.engine, "1/NQ", actor="tests")

    assert undone.households == 16
    assert world.communes() == communes
    after = checksum(town.engine)
    assert after == before
    assert world.unread() == []
    assert ill(town) == {}
    again = hall.carry(EVERYTHING, day=today() + datetime.timedelta(days=1), nearest=True)
    assert again.state == "prepared"
