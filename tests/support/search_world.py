"""A small register to search in: merged communes, alleys, a tower, hamlets, retired, restricted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql
from sqlalchemy import Engine, func, insert
from sqlalchemy.orm import Session

from geo.locality import parse_locality
from geo.street import parse_street
from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.publish.drawing.refresh import refresh
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from tests.support import postgis
from tests.support.factories import make_building, make_household, make_locality, make_street
from tests.support.tables import SuccessionLink
from tests.support.units import unit_named

LANG = (105.8060, 21.0211)
"""lon, lat of 27 Phố Láng; numbers lie 0.0001 degrees apart."""
_TEMPLATE = "template_world"
_TOLD = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"


@dataclass
class World:
    """Names of doors → their codes, and what a search needs."""

    url: str
    engine: Engine
    gazetteer: Gazetteer
    reads: Reads
    codes: dict[str, str] = field(default_factory=dict)

    def name_of(self, code: str | None) -> str | None:
        """What the door of a code is called here."""
        return next((name for name, known in self.codes.items() if known == code), None)


@contextmanager
def search_world(admin_url: str, name: str, *, read_only: bool = False) -> Iterator[World]:
    """The register in a database of its own, for tests that write; others ask for `world`."""
    postgis.make_template(admin_url, _TEMPLATE, _build)
    with psycopg.connect(admin_url) as connection:
        found = connection.execute(_TOLD, [_TEMPLATE]).fetchone()
    assert found
    with postgis.clone(admin_url, name, _TEMPLATE) as url:
        if read_only:
            with psycopg.connect(admin_url, autocommit=True) as connection:
                refused = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
                connection.execute(refused.format(sql.Identifier(name)))
        engine = make_engine(url)
        reads = Reads(url, pool_size=2, statement_timeout_ms=5_000)
        try:
            with session_scope(engine) as session:
                known = load_gazetteer(session)
            yield World(url, engine, known, reads, json.loads(found[0]))
        finally:
            reads.close()
            engine.dispose()


def _build(url: str) -> None:
    """Fill a register, and store the codes of its doors as a comment on the database."""
    engine = make_engine(url)
    with session_scope(engine) as session:
        builder = _Builder(session, load_gazetteer(session))
        builder.build()
    refresh(engine)
    engine.dispose()
    with psycopg.connect(url) as connection:
        found = sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(connection.info.dbname), json.dumps(builder.codes)
        )
        connection.execute(found)


class _Builder:
    def __init__(self, session: Session, known: Gazetteer) -> None:
        self.session = session
        self.codes: dict[str, str] = {}
        self.known = known
        self.lang = unit_named(known, "Phường Láng", "00199").id
        self.lang_ha = unit_named(known, "Phường Láng Hạ", "00199").id
        self.lang_thuong = unit_named(known, "Phường Láng Thượng", "00187").id
        self.ben_thanh = next(
            u.id for u in known.with_code("26743") if u.born is not None and u.ended is None
        )
        self.placed = 0

    def build(self) -> None:
        self.streets_and_alleys()
        self.equal_names()
        self.tower()
        self.blocks()
        self.hamlets()
        self.past()
        self.look_alikes()
        self.dashes()
        self.names_of_units()
        self.split_communes()
        here = {"unit_id": self.lang, "former_unit_id": self.lang_ha}
        self.door("131-133 Láng", "131-133", street_id=self.pho_lang, **here)

    def street(self, text: str, unit: int, former: int | None = None) -> int:
        read = parse_street(text)
        assert read is not None
        return make_street(
            self.session,
            unit_id=unit,
            former_unit_id=former,
            name=read.name,
            kind=read.kind or "đường",
            key=read.key,
        )

    def locality(self, text: str, unit: int, parent: int | None = None) -> int:
        read = parse_locality(text)
        assert read is not None
        return make_locality(
            self.session,
            unit_id=unit,
            name=read.name,
            kind=read.kind,
            key=read.key,
            parent_id=parent,
        )

    def door(self, name: str, number: str | None, *, make=make_household, **columns: object) -> str:  # type: ignore[no-untyped-def]
        point = {}
        if "point" not in columns:
            lon, lat = LANG[0] + self.placed * 0.0001, LANG[1]
            point = {"point": f"SRID=4326;POINT({lon} {lat})", "position_method": "gps"}
            self.placed += 1
        code: str = make(
            self.session, house_number=number, house_number_key=number, **point, **columns
        )
        self.codes[name] = code
        return code

    def streets_and_alleys(self) -> None:
        here = {"unit_id": self.lang, "former_unit_id": self.lang_ha}
        street = self.pho_lang = self.street("Phố Láng", self.lang, self.lang_ha)
        for number in ("27", "12/34/5A", "12/34/7", "3/5", "LO5", "129"):
            self.door(f"{number} Láng", number, street_id=street, **here)
        elsewhere = self.street("Đường Láng", self.ben_thanh)
        self.door("27 Láng HCM", "27", unit_id=self.ben_thanh, street_id=elsewhere)
        self.door("31 Láng HCM", "31", unit_id=self.ben_thanh, street_id=elsewhere)
        july = self.street("Đường 30/4", self.ben_thanh)
        self.door("8 30/4", "8", unit_id=self.ben_thanh, street_id=july)

    def equal_names(self) -> None:
        """Streets of one name, and one key, that met in one commune."""
        for name, former in (("Hạ", self.lang_ha), ("Thượng", self.lang_thuong)):
            here = {"unit_id": self.lang, "former_unit_id": former}
            street = self.street("Đường Nguyễn Trãi", self.lang, former)
            self.door(f"9 Nguyễn Trãi {name}", "9", street_id=street, **here)
            if name == "Hạ":
                self.door("11 Nguyễn Trãi Hạ", "11", street_id=street, **here)
        for name, former in (("Hàng Bà", self.lang_ha), ("Hàng Ba", self.lang_thuong)):
            here = {"unit_id": self.lang, "former_unit_id": former}
            street = self.street(f"Phố {name}", self.lang, former)
            self.door(f"4 {name}", "4", street_id=street, **here)

        # One of them ends in the number of a house of the other.
        for name, number in (("Hoàng Cầu", "2"), ("Hoàng Cầu 2", "5")):
            street = self.street(f"Đường {name}", self.lang)
            self.door(f"{number} {name}", number, unit_id=self.lang, street_id=street)

        # One street by two writings of one key.
        for name, former in (
            ("Cách Mạng Tháng 8", self.lang_ha),
            ("Cách Mạng Tháng Tám", self.lang_thuong),
        ):
            here = {"unit_id": self.lang, "former_unit_id": former}
            street = self.street(f"Đường {name}", self.lang, former)
            self.door(f"55 {name}", "55", street_id=street, **here)

        # In one of two former communes of a name, in Hà Đông and in Đống Đa.
        ha_dong = unit_named(self.known, "Phường Hà Đông", "09556").id
        street = self.street("Đường Quán Sứ", ha_dong)
        self.door("3 Quán Sứ", "3", unit_id=ha_dong, street_id=street)

        # The former commune of one of them is not known.
        for known in (None, self.lang_ha):
            here = {"unit_id": self.lang, "former_unit_id": known}
            street = self.street("Đường Trùng Khánh", self.lang, known)
            self.door(f"40 Trùng Khánh {known}", "40", street_id=street, **here)

    def look_alikes(self) -> None:
        """Streets whose likely misspellings are not registered."""
        famous = ("Lê Thánh Tông", "Nguyễn Thị Định", "Quang Trung", "Nguyễn Thị Minh Khai")
        for name in (*famous, "Ngô Thì Nhậm"):
            street = self.street(f"Đường {name}", self.lang)
            self.door(f"5 {name}", "5", unit_id=self.lang, street_id=street)
        for name, unit in (("Trần Phú", self.lang), ("Trà Phú", self.ben_thanh)):
            street = self.street(f"Đường {name}", unit)
            self.door(f"5 {name}", "5", unit_id=unit, street_id=street)

    def dashes(self) -> None:
        """Houses in alleys, and one of several numbers."""
        street = self.street("Đường Bạch Đằng", self.lang)
        for number in ("14/2", "39/1C", "63-67"):
            self.door(f"{number} Bạch Đằng", number, unit_id=self.lang, street_id=street)

    def names_of_units(self) -> None:
        """Streets named like an archipelago or a province, two doors with one address,
        and a flat whose tower is not registered.
        """
        hoa_hung = next(u.id for u in self.known.with_code("27163") if u.ended is None)
        for name, unit in (
            ("Trường Sa", self.ben_thanh),
            ("Cần Thơ", hoa_hung),
            ("Đà Nẵng", hoa_hung),
        ):
            street = self.street(f"Đường {name}", unit)
            self.door(f"5 {name}", "5", point=None, unit_id=unit, street_id=street)
        street = self.street("Đường Hai Nhà", self.lang)
        for which in ("one", "other"):
            name = f"7 Hai Nhà, the {which}"
            self.door(name, "7", point=None, unit_id=self.lang, street_id=street)
        street = self.street("Đường Điện Biên Phủ", self.ben_thanh)
        flat = {"building_name": "Landmark 2", "building_key": "landmark 2", "unit_number": "1205"}
        here = {"unit_id": self.ben_thanh, "street_id": street, "point": None}
        self.door("1205 Landmark 2", "720A", **here, **flat)
        floor = {"floor": "3A", "building_name": "Golden Lotus", "building_key": "golden lotus"}
        self.door("3A Golden Lotus", "724", **here, **floor)

    def split_communes(self) -> None:
        """Tân Kiên went to Tân Tạo and Tân Nhựt; Mỹ Đình 2 to Từ Liêm and Cầu Giấy, where
        Nguyễn Hoàng is of another commune of before.
        """
        tan_tao = unit_named(self.known, "Phường Tân Tạo", "27457").id
        tan_nhut = unit_named(self.known, "Xã Tân Nhựt", "27595").id
        for street, parts in {
            "Nguyễn Cửu Phú": {tan_tao: ("1", "2", "48", "51/3"), tan_nhut: ("60", "151")},
            "Hưng Nhơn": {tan_tao: ("1", "99"), tan_nhut: ("2", "98")},
            "Trần Đại Nghĩa": {tan_tao: ("1", "99"), tan_nhut: ("31", "81")},
        }.items():
            for unit, numbers in parts.items():
                here = {"unit_id": unit, "street_id": self.street(f"Đường {street}", unit)}
                for number in numbers:
                    self.door(f"{number} {street}", number, point=None, **here)
        cau_giay = unit_named(self.known, "Phường Cầu Giấy", "00166").id
        yen_hoa = unit_named(self.known, "Phường Yên Hòa", "00175").id
        street = self.street("Đường Nguyễn Hoàng", cau_giay, yen_hoa)
        here = {"unit_id": cau_giay, "former_unit_id": yen_hoa, "street_id": street}
        self.door("8 Nguyễn Hoàng", "8", point=None, **here)

    def tower(self) -> None:
        street = self.street("Đường Huỳnh Thúc Kháng", self.lang)
        here = {"unit_id": self.lang, "street_id": street}
        place = {"building_name": "CT1", "building_key": "ct1"}
        point = f"SRID=4326;POINT({LANG[0]} {LANG[1] + 0.003})"
        at = {"point": point, "position_method": "gps"}
        block = self.door("CT1", "1", make=make_building, **here, **place, **at)
        for flat in ("1205", "1206"):
            self.door(
                f"flat {flat}", "1", parent_code=block, unit_number=flat, **here, **place, **at
            )

        estate = {"building_name": "Chung cư Sông Xanh", "building_key": "chung cu song xanh"}
        block = self.door("Sông Xanh", "9", make=make_building, **here, **estate)
        self.door("flat 301", "9", parent_code=block, unit_number="301", **here, **estate)

    def blocks(self) -> None:
        """Two blocks at one number, of which only one has the flat; and estates by their names."""
        street = self.street("Phố Hàng Khay", self.lang)
        for number, name, key, flats in (
            ("20", "A", "a", ("311", "312")),
            ("20", "B", "b", ("401", "402")),
            ("87", "CC A1", "a1", ("305", "306")),
            ("17", "Chung cư Hàng Đậu", "chung cu hang dau", ("702", "703")),
        ):
            here = {"unit_id": self.lang, "street_id": street}
            place = {"building_name": name, "building_key": key}
            block = self.door(f"block {name}", number, make=make_building, **here, **place)
            for flat in flats:
                self.door(
                    f"{flat} {name}", number, parent_code=block, unit_number=flat, **here, **place
                )

        here = {"unit_id": self.lang, "street_id": street, "building_name": None}
        block = self.door("no block", "30", make=make_building, **here)
        for flat in ("A202", "B202"):
            self.door(flat, "30", parent_code=block, unit_number=flat, **here)
        for name, flats in (("A", ("1305", "202")), ("A1", ("305", "306"))):
            place = {**here, "building_name": name, "building_key": name.lower()}
            block = self.door(f"32 block {name}", "32", make=make_building, **place)
            for flat in flats:
                self.door(f"32 {name} {flat}", "32", parent_code=block, unit_number=flat, **place)

    def hamlets(self) -> None:
        thon = self.locality("Thôn 3", self.lang)
        self.door("8 Thôn 3", "8", unit_id=self.lang, locality_id=thon)
        for name in ("Thôn Đông Hòa", "Thôn Dong Ke"):
            self.door(
                f"14 {name}", "14", unit_id=self.lang, locality_id=self.locality(name, self.lang)
            )
        self.door("no number Thôn 3", None, unit_id=self.lang, locality_id=thon)
        for quarter in ("Khu phố 1", "Khu phố 2"):
            outer = self.locality(quarter, self.lang)
            inner = self.locality("Tổ 7", self.lang, outer)
            self.door(f"6 Tổ 7 {quarter}", "6", unit_id=self.lang, locality_id=inner)
        for group, outer_name, number in (("Xóm 1", "Thôn Ngọc Sơn", "3"), ("Tổ 9", "Xóm 5", "4")):
            inner = self.locality(group, self.lang, self.locality(outer_name, self.lang))
            self.door(f"{number} {group}", number, unit_id=self.lang, locality_id=inner)
        group = {"unit_id": self.lang, "locality_id": self.locality("Tổ dân phố 4", self.lang)}
        self.door("15 Tổ dân phố 4", "15", **group)
        street = self.street("Đường Tổ Bốn", self.lang)
        self.door("2 Tổ Bốn", "2", street_id=street, **group)
        self.door("77 alone", "77", unit_id=self.lang)

    def past(self) -> None:
        street = self.street("Đường Chùa Láng", self.lang)
        here = {"unit_id": self.lang, "street_id": street}
        retired = {"status": "retired"}
        old = self.door("40 retired", "40", **here, **retired)
        between = self.door("40A retired", "40A", **here, **retired)
        new = self.door("40B", "40B", **here)
        for before, after in ((old, between), (between, new)):
            link = {"old_code": before, "new_code": after, "kind": "replace"}
            event = func.current_event_id()
            self.session.execute(insert(SuccessionLink).values(**link, event_id=event))
        self.door("60 gone", "60", **here, **retired)
        self.door("50 restricted", "50", restricted=True, **here)
        self.door("reserved", None, status="reserved", point=None)
