"""The report of a reform or its dry run: values, and lines of text."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from geo import code as codes
from geo.label import named
from registry.core.messages import N_, Message, _, number
from registry.core.schemes import POSTCODE
from registry.core.sql import Statements
from registry.records.record import COLUMNS, Record, record_wording
from registry.reform.plan_values import Plan
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer

_ONE_DAY: Final = datetime.timedelta(days=1)
SQL: Final = Statements(__file__, record=COLUMNS)
_COUNTED: Final = (
    *("ends", "records", "households", "streets", "localities"),
    *("keys", "targets", "open_reports", "imports"),
)
"""The counts of `count_by_unit`, in its order."""
WAY_WORDS: Final = {
    "whole_unit": N_("whole unit"),
    "decided": N_("decided by hand"),
    "street": N_("street, house number"),
    "locality": N_("hamlet, quarter"),
    "former_unit": N_("former unit"),
    "polygon": N_("boundary"),
    "building": N_("by its building"),
    "rest": N_("the rest"),
    "neighbours": N_("by neighbours"),
}
"""Way in which a household was settled → its label; records outside delivery have none."""


@dataclass(frozen=True, slots=True)
class ReformShare:
    """What goes from a unit to one of the new state."""

    code: str
    name: str
    records: int
    households: int
    settled_by: dict[str, int]
    """whole_unit, decided, street, locality, former_unit, polygon, building, rest, neighbours, past
    (records that no carrier goes to) → records"""


@dataclass(frozen=True, slots=True)
class ReformUnit:
    """A unit that gives something away, as it is before."""

    code: str
    name: str
    ends: bool
    records: int
    households: int
    streets: int
    localities: int
    keys: int
    targets: int
    open_reports: int
    imports: int
    """Imports in progress"""
    to: tuple[ReformShare, ...]
    undecided: int


@dataclass(frozen=True, slots=True)
class ReformLabel:
    """How a door is written before and after."""

    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    number: str
    title: str
    effective: str
    state: str
    """dry_run | prepared | carried."""
    reform_id: int | None
    event_id: int | None
    units: tuple[ReformUnit, ...]
    born: tuple[str, ...]
    altered: tuple[str, ...]
    settled_by: dict[str, int]
    """whole_unit, decided, street, locality, former_unit, polygon, building, rest, neighbours, past
    (records that no carrier goes to) → records"""
    undecided: int
    cut_streets: int
    cut_localities: int
    streets_meet: tuple[str, ...]
    numbers_meet: tuple[str, ...]
    without_postcode: tuple[str, ...]
    """Communes of the new state that have none yet."""
    labels: tuple[ReformLabel, ...]
    affected: tuple[int, ...]
    """Ids of the units that it concerns: who acts for one of them may see it."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without internal ids."""
        values = asdict(self)
        del values["affected"]
        return values


def make_report(session: Session, plan: Plan, undecided: int) -> Report:
    """Report the settled households; the new units are written, nothing is carried out yet."""
    return _Reporter(session, plan).report(undecided)


def gazetteer_of(session: Session, day: datetime.date) -> Gazetteer:
    """Return the gazetteer of a day as the session sees it."""
    return load_gazetteer(session).of_day(day)


class _Reporter:
    def __init__(self, session: Session, plan: Plan) -> None:
        self.session = session
        self.plan = plan
        self.after = gazetteer_of(session, plan.day)

    def report(self, undecided: int) -> Report:
        head = self.plan.document.resolution.resolution
        cut_streets, cut_localities = self.session.execute(SQL.text("count_cut")).one()
        ways = self.session.execute(SQL.text("count_by_way")).all()
        settled: dict[str, int] = defaultdict(int)
        for row in ways:
            if row.how in WAY_WORDS:
                settled[row.how] += row.records
        return Report(
            number=head.number,
            title=head.title,
            effective=head.effective.isoformat(),
            state="dry_run",
            reform_id=None,
            event_id=None,
            units=tuple(self._units(ways)),
            born=tuple(self._born()),
            altered=tuple(self._altered()),
            settled_by=dict(settled),
            undecided=undecided,
            cut_streets=cut_streets,
            cut_localities=cut_localities,
            streets_meet=tuple(self._streets()),
            numbers_meet=tuple(self._numbers()),
            without_postcode=tuple(self._without_postcode()),
            labels=tuple(self._labels()),
            affected=tuple(sorted(self.plan.affected)),
        )

    def _units(self, ways: Any) -> list[ReformUnit]:
        shares: dict[int, dict[int | None, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for row in ways:
            shares[row.from_id][row.to_id].append(row)
        successors: dict[int, set[str]] = defaultdict(set)
        for leg in self.plan.legs:
            successors[leg.source.id].add(leg.successor.code)
        found = []
        for row in self.session.execute(SQL.text("count_by_unit")):
            unit = self.plan.gazetteer.units[row.id]
            held = shares[row.id]
            to = [self._share(to_id, rows) for to_id, rows in held.items() if to_id is not None]
            empty = successors[row.id] - {share.code for share in to}
            to += [ReformShare(code, self._name_of(code), 0, 0, {}) for code in empty]
            found.append(
                ReformUnit(
                    code=unit.code,
                    name=unit.version_on(self.plan.day - _ONE_DAY).full_name,
                    to=tuple(sorted(to, key=lambda share: share.code)),
                    undecided=sum(each.records for each in held.get(None, ())),
                    **dict(zip(_COUNTED, row[1:], strict=True)),
                )
            )
        return sorted(found, key=lambda unit: unit.code)

    def _share(self, to_id: int, rows: list[Any]) -> ReformShare:
        unit = self.after.units[to_id]
        return ReformShare(
            unit.code,
            unit.version_on(self.plan.day).full_name,
            sum(row.records for row in rows),
            int(sum(row.households for row in rows)),
            {row.how: row.records for row in rows},
        )

    def _born(self) -> list[str]:
        return [self._named(each.code) for each in self.plan.born.values()]

    def _named(self, code: str) -> str:
        return f"{code} {self._name_of(code)}"

    def _name_of(self, code: str) -> str:
        unit = next(u for u in self.after.with_code(code) if u.alive_on(self.plan.day))
        return unit.version_on(self.plan.day).full_name

    def _altered(self) -> list[str]:
        found = []
        for change in self.plan.altered.values():
            unit = self.after.units[change.unit.id]
            names = [
                ", ".join((unit.version_on(day).full_name, *_held_by(self.after, unit.id, day)))
                for day in (self.plan.day - _ONE_DAY, self.plan.day)
            ]
            found.append(f"{unit.code} {' → '.join(names)}")
        return found

    def _streets(self) -> list[str]:
        return [
            f"{self._name(unit_id)}: {named(kind, name)} ({count})"
            for unit_id, kind, name, count in self.session.execute(SQL.text("streets_meet"))
        ]

    def _numbers(self) -> list[str]:
        return [
            f"{self._name(unit_id)}: {key} {named(kind, name)}:"
            f" {', '.join(map(codes.format, found))}"
            for unit_id, kind, name, key, found in self.session.execute(SQL.text("numbers_meet"))
        ]

    def _without_postcode(self) -> Iterator[str]:
        day, eve = self.plan.day, self.plan.day - _ONE_DAY
        if not any(unit.identifier(POSTCODE, eve) for unit in self.plan.touched.values()):
            return  # former postcodes are unknown
        codes = {*self.plan.born, *(unit.code for unit in self.plan.touched.values())}
        for code in sorted(codes):
            for unit in self.after.with_code(code):
                is_one = unit.level == "commune" and unit.alive_on(day)
                if is_one and unit.identifier(POSTCODE, day) is None:
                    yield self._named(code)

    def _name(self, unit_id: int) -> str:
        return self.after.units[unit_id].version_on(self.plan.day).full_name

    def _labels(self) -> list[ReformLabel]:
        to = {row.code: row.to_id for row in self.session.execute(SQL.text("sample"))}
        before = labels(self.session, self.plan.gazetteer, self.plan.day - _ONE_DAY, list(to))
        after = labels(self.session, self.after, self.plan.day, list(to), to)
        return [
            ReformLabel(codes.format(code), before[code][0], after[code][0]) for code in sorted(to)
        ]


def _held_by(known: Gazetteer, unit_id: int, day: datetime.date) -> list[str]:
    unit = known.units[unit_id]
    holders = known.district_of(unit, day), known.province_of(unit, day)
    return [holder.version_on(day).full_name for holder in holders if holder is not None]


def labels(
    session: Session,
    known: Gazetteer,
    day: datetime.date,
    wanted: list[str],
    moved: dict[str, int] | None = None,
) -> dict[str, tuple[str, Record]]:
    """Map codes to the label of `day` and the record, in the commune given by `moved`, if any."""
    found = {}
    for row in session.execute(SQL.text("records"), {"codes": wanted}):
        record = Record(*row)
        if moved:
            record = record._replace(unit_id=moved[record.code])
        found[record.code] = (record_wording(known, day, record).label, record)
    return found


def report_lines(report: Report) -> list[str]:
    """Return the report as lines of text."""
    words = {
        "dry_run": Message("dry_run"),
        "prepared": Message("reform_prepared"),
        "carried": Message("reform_carried_out"),
    }
    lines = [
        _("Resolution {number}: {title}", number=report.number, title=report.title),
        _("In force from {day}", day=report.effective),
    ]
    lines.append(str(words[report.state]))
    lines += [f"  + {each}" for each in report.born]
    lines += [f"  ~ {each}" for each in report.altered]
    for unit in report.units:
        ends = f" ({_('ends')})" if unit.ends else ""
        held = _(
            "{records:n} codes, {households:n} households, {streets:n} streets, {localities:n}"
            " hamlets, {keys} keys, {targets} targets, {reports} open reports, {imports} imports"
            " under way",
            records=unit.records,
            households=unit.households,
            streets=unit.streets,
            localities=unit.localities,
            keys=unit.keys,
            targets=unit.targets,
            reports=unit.open_reports,
            imports=unit.imports,
        )
        lines.append(f"{unit.code} {unit.name}{ends}: {held}")
        for share in unit.to:
            ways = ", ".join(
                f"{_(WAY_WORDS[how])} {number(n)}"
                for how, n in share.settled_by.items()
                if how in WAY_WORDS
            )
            count_text = _("{count:n} codes", count=share.records)
            settled_by = f" ({ways})" if ways else ""
            lines.append(f"    → {share.code} {share.name}: {count_text}{settled_by}")
        if unit.undecided:
            lines.append(str(Message("undecided_codes", undecided=unit.undecided)))
    lines += _list(Message("streets_cut"), report.cut_streets)
    lines += _list(Message("localities_cut"), report.cut_localities)
    lines += _several(Message("street_names_meet"), report.streets_meet)
    lines += _several(Message("house_numbers_collide"), report.numbers_meet)
    lines += _several(Message("communes_without_postcode"), report.without_postcode)
    settled = sum(report.settled_by.values())
    total = settled + report.undecided
    percent = 100 * settled / total if total else 100.0
    lines.append(
        str(
            Message(
                "settled_and_undecided",
                settled=settled,
                total=total,
                percent=percent,
                undecided=report.undecided,
            )
        )
    )
    if report.labels:
        lines.append(str(Message("addresses_before_after")))
        for label in report.labels[:6]:
            lines += [f"  {label.code}  {label.before}", f"        →    {label.after}"]
    return lines


def _list(what: Message, count: int) -> list[str]:
    return [f"{what}: {number(count)}"] if count else []


def _several(what: Message, values: tuple[str, ...]) -> list[str]:
    if not values:
        return []
    return [f"{what}: {number(len(values))}", *(f"  {each}" for each in values[:5])]
