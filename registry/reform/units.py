"""Write the units of the new state: ended, new and altered ones."""

import datetime
import json
from typing import Final

from sqlalchemy.orm import Session

from geo.text import transliterate
from registry.core.schemes import POSTCODE
from registry.core.sql import Statements
from registry.reform.plan_values import Alteration, Born, Plan, Successor
from registry.reform.settling import Units
from registry.units.gazetteer import Unit

SQL: Final = Statements(__file__)
_ONE_DAY: Final = datetime.timedelta(days=1)
_NO_DISTRICTS_FROM: Final = datetime.date(2025, 7, 1)


def write_units(session: Session, plan: Plan) -> Units:
    """Write the units under the event of the session; return the ids of the new state."""
    return _Writer(session, plan).write()


class _Writer:
    def __init__(self, session: Session, plan: Plan) -> None:
        self.session = session
        self.plan = plan
        head = plan.document.resolution.resolution
        self.parameters = {
            "day": plan.day,
            "basis": f"{head.number} ({head.date.isoformat()})",
            "source": f"decision {head.number}",
        }
        self.ids: dict[int, int] = {}

    def write(self) -> Units:
        ended = {"ids": sorted(self.plan.ended), "day": self.plan.day}
        self.session.execute(SQL.text("end_units"), ended)
        self.session.execute(SQL.text("end_versions"), ended)
        self._born()
        altered = {"ids": sorted(self.plan.altered), "day": self.plan.day}
        self.session.execute(SQL.text("end_versions"), altered)
        # In few statements: each one increments the version of the gazetteer, a row that a
        # transaction updates ever more slowly.
        versions = [self._of_born(born) for born in self.plan.born.values()]
        versions += [self._of_altered(change) for change in self.plan.altered.values()]
        self.session.execute(
            SQL.text("insert_versions"), self.parameters | {"rows": json.dumps(versions)}
        )
        self._follow()
        self._carry_postcodes()
        codes = {born.code: self.ids[id(born)] for born in self.plan.born.values()}
        codes |= {
            unit.code: unit.id
            for unit in self.plan.touched.values()
            if unit.id not in self.plan.ended
        }
        return Units(self.ids, codes)

    def _born(self) -> None:
        rows = []
        for born in self.plan.born.values():
            lon, lat = born.definition.seat or (None, None)
            rows.append({"level": born.level, "code": born.code, "lon": lon, "lat": lat})
            rows[-1]["area_km2"] = born.definition.area_km2
        parameters = self.parameters | {"rows": json.dumps(rows)}
        found = {
            (row.level, row.code): row.id
            for row in self.session.execute(SQL.text("insert_units"), parameters)
        }
        self.ids |= {id(born): found[born.level, born.code] for born in self.plan.born.values()}

    def _of_born(self, born: Born) -> dict[str, object]:
        definition = born.definition
        province = self.plan.provinces.get(born.code)
        return _version(
            self.ids[id(born)],
            definition.name,
            definition.name_en,
            definition.kind,
            self._id(province) if province is not None else None,
            self._district(definition.district),
        )

    def _district(self, code: str | None) -> int | None:
        """Return the id of a district on that day."""
        if code in self.plan.born:
            return self.ids[id(self.plan.born[code])]
        found = (unit for unit in self.plan.bearers(code or "") if unit.level == "district")
        return next((unit.id for unit in found if unit.alive_on(self.plan.day)), None)

    def _of_altered(self, change: Alteration) -> dict[str, object]:
        was = change.unit.version_on(self.plan.day - _ONE_DAY)
        province = was.province_id
        if change.province is not None:
            province = self._id(change.province)
        elif province in self.plan.ended:
            province = self._successor_of(self.plan.ended[province])
        stays = self.plan.day < _NO_DISTRICTS_FROM and was.district_id not in self.plan.ended
        district = was.district_id if stays else None
        if change.district is not None:
            district = self._district(change.district)
        return _version(
            change.unit.id,
            change.name or was.name,
            change.name_en or (None if change.name else was.name_en),
            change.kind or was.kind,
            province,
            district,
        )

    def _follow(self) -> None:
        ended = [unit for unit in self.plan.ended.values() if unit.level == "province"]
        successors = {unit.id: self._successor_of(unit) for unit in ended}
        districts = [unit.id for unit in self.plan.ended.values() if unit.level == "district"]
        if successors or districts:
            self.session.execute(
                SQL.text("follow_parents"),
                self.parameters
                | {
                    "olds": list(successors),
                    "news": list(successors.values()),
                    "districts": districts,
                },
            )

    def _carry_postcodes(self) -> None:
        """Give the postcode of an ended commune to a new one of exactly its area.

        A continuing unit keeps its own; others have none until the postal service assigns one.
        """
        for born in self.plan.born.values():
            sources = [leg for leg in self.plan.legs if leg.successor is born]
            source = sources[0].source if len(sources) == 1 else None
            if source is None or source.id not in self.plan.ended:
                continue
            if len(self.plan.legs_of(source)) == 1:
                pair = {"old": source.id, "new": self.ids[id(born)], "scheme": POSTCODE}
                self.session.execute(SQL.text("carry_identifier"), self.parameters | pair)

    def _successor_of(self, province: Unit) -> int | None:
        leg = next((leg for leg in self.plan.legs if leg.source is province), None)
        return self._id(leg.successor) if leg is not None else None

    def _id(self, successor: Successor) -> int:
        return successor.id if isinstance(successor, Unit) else self.ids[id(successor)]


def _version(
    unit_id: int,
    name: str,
    name_en: str | None,
    kind: str,
    province: int | None,
    district: int | None,
) -> dict[str, object]:
    """Return a row of `NEW_VERSIONS`."""
    values: dict[str, object] = {"unit_id": unit_id, "name": name, "kind": kind}
    values |= {"name_en": name_en or transliterate(name)}
    return values | {"province_id": province, "district_id": district}
