"""Checks of the households themselves: what they refer to, and whether a door stands there twice.

Each reads the whole register once, in seconds for millions of households.
"""

from typing import Final

from sqlalchemy import text

from registry.coverage.count_cache import wrong_counts
from registry.doctor.checks import Chapter, Finding, Subject, failure, none_of, ok, warning
from registry.held_units import holdings
from registry.stored_keys import COLUMNS, DOOR_HASH, stale_keys

CHECKS = Chapter()

_EMPTY_SHARE: Final = 0.05
"""Streets and localities without households beyond this share are no new names any more."""
_NAMED: Final = 5

_LOST_FLATS: Final = """
    SELECT f.code FROM household f LEFT JOIN household b ON b.code = f.parent_code
    WHERE f.parent_code IS NOT NULL AND f.status IN ('proposed', 'active')
        AND (b.code IS NULL OR b.kind <> 'building' OR b.status IN ('reserved', 'retired')
            OR b.unit_id IS DISTINCT FROM f.unit_id)
    ORDER BY f.code
"""
_LOST_PLACES: Final = """
    SELECT h.code FROM household h
    LEFT JOIN place t ON t.id = h.street_id
    LEFT JOIN place l ON l.id = h.locality_id
    WHERE (h.street_id IS NOT NULL OR h.locality_id IS NOT NULL)
        AND (h.street_id IS NOT NULL AND t.unit_id IS DISTINCT FROM h.unit_id
            OR h.locality_id IS NOT NULL AND l.unit_id IS DISTINCT FROM h.unit_id
            OR h.status <> 'retired'
                AND (t.merged_into_id IS NOT NULL OR l.merged_into_id IS NOT NULL))
    ORDER BY h.code
"""


@CHECKS.check(
    "Căn hộ nào cũng nằm trong một toà nhà còn dùng của xã mình",
    hint="gắn lại bằng `operation correct --parent`, hoặc ngừng dùng mã"
    " (put the flats into a building, or retire them)",
)
def flats_have_their_building(subject: Subject) -> Finding:
    """Every living flat is in a living building of its commune."""
    return none_of([_shown(code) for code in subject.names(_LOST_FLATS)], "flats without")


@CHECKS.check(
    "Đường, thôn của mỗi hộ có trong xã của hộ",
    hint="khôi phục bản sao lưu (restore the backup: a rule was switched off)",
)
def households_have_their_place(subject: Subject) -> Finding:
    """Every household's street and locality exist in its commune."""
    return none_of([_shown(code) for code in subject.names(_LOST_PLACES)], "households in none")


@CHECKS.check(
    "Thôn, tổ nào cũng mang đúng mã số của nơi chứa nó",
    hint="khôi phục bản sao lưu (restore the backup: a rule was switched off)",
)
def places_carry_their_holders(subject: Subject) -> Finding:
    """The ids of what holds a locality are those that its parents lead to."""
    return none_of(subject.names(_WRONG_HOLDERS), "places with other holders")


_WRONG_HOLDERS: Final = """
    SELECT p.kind || ' ' || p.name FROM place p LEFT JOIN place o ON o.id = p.parent_id
    WHERE p.outer_ids IS DISTINCT FROM
        CASE WHEN p.parent_id IS NULL THEN '{}' ELSE o.id || o.outer_ids END
    ORDER BY p.id
"""


@CHECKS.check(
    "Mã hồ sơ, số cũ, biển số đều chỉ đến mã có thật",
    hint="khôi phục bản sao lưu (restore the backup: a rule was switched off)",
)
def references_have_their_household(subject: Subject) -> Finding:
    """References, former numbers and plates name records that exist."""
    counts = subject.connection.execute(text(_ORPHANS)).one()
    found = [f"{n:,} {name}" for name, n in zip(_REFERRING, counts, strict=True) if n]
    return failure(", ".join(found)) if found else ok()


_REFERRING: Final = ("references", "former numbers", "external ids", "plates")
_ORPHANS: Final = """
    SELECT (SELECT count(*) FROM household_ref r
            WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code)),
        (SELECT count(*) FROM household_former_number r
            WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code)),
        (SELECT count(*) FROM external_id r
            WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code)),
        (SELECT count(*) FROM plate r
            WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code))
"""


@CHECKS.check(
    "Đường, thôn nào cũng có hộ",
    hint="xem lại tên đường, thôn không dùng đến; gộp vào tên đúng"
    " (merge those that were named by mistake into the right ones)",
)
def places_have_households(subject: Subject) -> Finding:
    """Streets and localities have households, in themselves or in what they hold."""
    counts = subject.connection.execute(text(_PLACES)).one()
    streets, empty_streets, localities, empty_localities = counts
    shares = []
    said = []
    for name, total, empty in (
        ("streets", streets, empty_streets),
        ("localities", localities, empty_localities),
    ):
        if empty:
            said.append(f"{empty:,} of {total:,} {name} without")
            shares.append(empty / total)
    detail = "; ".join(said)
    return warning(detail) if max(shares, default=0) > _EMPTY_SHARE else ok(detail)


_PLACES: Final = """
    WITH living AS (
        SELECT class, EXISTS (
            SELECT FROM household h WHERE h.street_id = p.id
            UNION ALL SELECT FROM household h WHERE h.locality_id = p.id
            UNION ALL
            SELECT FROM place i JOIN household h ON h.locality_id = i.id
            WHERE i.parent_id IS NOT NULL AND i.outer_ids @> ARRAY[p.id]
        ) AS held
        FROM place p WHERE merged_into_id IS NULL
    )
    SELECT count(*) FILTER (WHERE class = 'street'),
        count(*) FILTER (WHERE class = 'street' AND NOT held),
        count(*) FILTER (WHERE class = 'locality'),
        count(*) FILTER (WHERE class = 'locality' AND NOT held)
    FROM living
"""


@CHECKS.check(
    "Số đếm độ phủ được giữ đúng với sổ",
    hint="chạy `bin/diachiso coverage --recount` (run that command)",
)
def coverage_counts(subject: Subject) -> Finding:
    """The counts that are kept for coverage are those of the register."""
    return none_of(wrong_counts(subject.connection), "communes are not")


# Twice in one commune is enough to look at. A number that stands twice at its street or place is
# found along an index, in its order; only those records are compared. Flats without one are
# found in their buildings.
_TWICE: Final = f"""
    WITH crowded AS (
        SELECT h.* FROM (
            SELECT street_id AS id, house_number_key AS key FROM household
            WHERE street_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1
        ) c JOIN household h ON h.street_id = c.id AND h.house_number_key = c.key
        UNION ALL
        SELECT h.* FROM (
            SELECT locality_id AS id, house_number_key AS key FROM household
            WHERE street_id IS NULL AND house_number_key IS NOT NULL
            GROUP BY 1, 2 HAVING count(*) > 1
        ) c JOIN household h ON h.locality_id = c.id AND h.house_number_key = c.key
            AND h.street_id IS NULL
        UNION ALL
        SELECT h.* FROM household h WHERE parent_code IS NOT NULL AND house_number_key IS NULL
    ), twice AS (
        SELECT {DOOR_HASH} AS door, min(code) AS code, count(*) - 1 AS more FROM crowded
        WHERE status IN ('proposed', 'active')
            AND (house_number_key IS NOT NULL OR unit_number IS NOT NULL)
        GROUP BY 1 HAVING count(*) > 1
    )
    SELECT coalesce(sum(more), 0), (SELECT array_agg(code) FROM (
        SELECT code FROM twice ORDER BY more DESC, code LIMIT 5) c)
    FROM twice
"""  # noqa: S608 - no input


@CHECKS.check(
    "Không có hai mã cùng một số nhà, căn hộ",
    hint="so hai mã rồi `operation merge`; nếu cả hai đều đúng thì để nguyên"
    " (compare and merge them; where both are right, leave them)",
)
def doors_stand_once(subject: Subject) -> Finding:
    """No two living records bear the same number or flat of a street or locality."""
    # Of millions of numbers the planner takes a third for crowded, and would read all records.
    for way in ("enable_mergejoin", "enable_hashjoin"):
        subject.connection.execute(text(f"SET LOCAL {way} = off"))
    more, named = subject.connection.execute(text(_TWICE)).one()
    if not more:
        return ok()
    shown = ", ".join(_shown(code) for code in named)
    return warning(f"{int(more):,} suspected: {shown}")


@CHECKS.check(
    "Đường, thôn, toà nhà, tầng nào cũng tìm được theo cách đọc hiện nay",
    hint="chạy `bin/diachiso database prepare`; hai đường, thôn cùng tên thì `operation merge`"
    " (prepare the database; merge two places of one name, where they are one)",
)
def keys_are_of_todays_rules(subject: Subject) -> Finding:
    """Every street, locality, building and floor stands under the key that today's rules read."""
    said = []
    for column in COLUMNS:
        stale = list(stale_keys(subject.connection, column))
        if stale:
            first = " ".join(stale[0].read_of[-2:]).strip()
            said.append(f"{len(stale):,} keys in {column.name}, as of {first}")
    return warning("; ".join(said)) if said else ok()


@CHECKS.check(
    "Hộ nào cũng thuộc một xã hiện nay",
    hint="chạy `bin/diachiso reform TỆP` của nghị quyết đã đổi xã ấy; vài hộ thì `operation correct"
    " --commune` (run the reform that ended them; move a few by hand)",
)
def communes_of_households_exist(subject: Subject) -> Finding:
    """Every living household is in a commune of today."""
    rows = subject.connection.execute(
        text(
            "SELECT u.code, h.n FROM (SELECT unit_id, count(*) AS n FROM household"
            " WHERE status IN ('proposed', 'active') GROUP BY unit_id) h"
            " JOIN admin_unit u ON u.id = h.unit_id AND NOT u.lifetime @> current_date"
            " ORDER BY h.n DESC, u.code"
        )
    ).all()
    if not rows:
        return ok()
    named = ", ".join(f"{row.code} ({row.n:,})" for row in rows[:_NAMED])
    return failure(f"{sum(row.n for row in rows):,} in {len(rows):,} that ended: {named}")


@CHECKS.check(
    "Đường, thôn, tổng số hộ đều thuộc đơn vị hiện nay",
    hint="chạy `bin/diachiso reform TỆP` của nghị quyết đã đổi đơn vị ấy; tổng số hộ thì `targets"
    " import` cho đơn vị kế tiếp (run the reform that ended them; declare targets of the units that"
    " continue them)",
)
def ended_units_hold_nothing(subject: Subject) -> Finding:
    """Streets, localities and targets belong to units of today."""
    ended = {
        row.id: row.code
        for row in subject.connection.execute(
            text("SELECT id, code FROM admin_unit WHERE upper(lifetime) <= current_date")
        )
    }
    held = holdings(subject.connection, list(ended))
    counts = {name: sum(getattr(one, name) for one in held.values()) for name in _OF_UNITS}
    found = [f"{n:,} {name}" for name, n in counts.items() if n]
    if not found:
        return ok()
    codes = sorted({ended[i] for i, one in held.items() if any(getattr(one, n) for n in _OF_UNITS)})
    return warning(f"{', '.join(found)}; in {len(codes):,} that ended: {', '.join(codes[:_NAMED])}")


_OF_UNITS: Final = ("streets", "localities", "targets")


@CHECKS.check(
    "Khoá nào cũng gắn với đơn vị hiện nay, và chỉ phần của mình",
    hint="gắn lại bằng `bin/diachiso keys bind TÊN --unit MÃ`; khoá theo mọi phần của xã bị chia là"
    " đúng thì gắn lại đúng các phần ấy (bind them anew: to what continues the unit, or to those"
    " parts of a split one that are theirs, be it all)",
)
def keys_are_bound_to_living_units(subject: Subject) -> Finding:
    """Keys are bound to units of today, and to no more parts of a split one than was decided."""
    ended, widened = subject.names(_ENDED_KEYS), subject.names(_WIDENED_KEYS)
    said = [
        f"{len(found):,} keys {what}: {', '.join(found[:_NAMED])}"
        for found, what in (
            (ended, "bound to ended units"),
            (widened, "bound to all parts of a split unit"),
        )
        if found
    ]
    return warning("; ".join(said)) if said else ok()


_ENDED_KEYS: Final = """
    SELECT k.name || ' (' || string_agg(u.code || coalesce(' → ' || (
            SELECT string_agg(n.code, ' ' ORDER BY n.code)
            FROM admin_unit_succession s JOIN admin_unit n ON n.id = s.successor_id
            WHERE s.predecessor_id = u.id AND s.effective_on <= current_date
        ), ''), ' ' ORDER BY u.code) || ')'
    FROM api_key k JOIN api_key_unit b ON b.key_id = k.id
    JOIN admin_unit u ON u.id = b.unit_id AND upper(u.lifetime) <= current_date
    WHERE k.revoked_at IS NULL GROUP BY k.id ORDER BY k.name
"""
_WIDENED_KEYS: Final = """
    SELECT k.name || ' (' || string_agg(u.code, ' ' ORDER BY u.code) || ')'
    FROM api_key k JOIN api_key_unit b ON b.key_id = k.id AND b.widened_by_event_id IS NOT NULL
    JOIN admin_unit u ON u.id = b.unit_id
    WHERE k.revoked_at IS NULL GROUP BY k.id, b.widened_by_event_id HAVING count(*) > 1
    ORDER BY k.name
"""


@CHECKS.check(
    "Vùng phục vụ nào cũng theo xã hiện nay",
    hint="hãng gửi lại tệp với xã của hôm nay (the operator delivers its file anew)",
)
def services_are_of_living_units(subject: Subject) -> Finding:
    """Service areas are of communes of today."""
    return none_of(subject.names(_ENDED_SERVICES), "operators", warning)


_ENDED_SERVICES: Final = """
    SELECT a.operator || ' (' || string_agg(DISTINCT u.code, ' ') || ')'
    FROM service_area a JOIN service_area_unit m ON m.area_id = a.id
    JOIN admin_unit u ON u.id = m.unit_id AND upper(u.lifetime) <= current_date
    WHERE coalesce(upper(a.valid) > current_date, true) GROUP BY a.operator ORDER BY 1
"""


@CHECKS.check(
    "Nghị quyết đã đến ngày thì đã thực hiện",
    hint="xem nhật ký việc nền (jobs), sửa rồi chạy lại (look into the log of the jobs)",
)
def reforms_are_carried(subject: Subject) -> Finding:
    """Prepared reforms are carried on their day."""
    numbers = subject.names(
        "SELECT number FROM reform WHERE state = 'prepared' AND effective_on <= current_date"
        " AND now() > effective_on + interval '1 hour' ORDER BY effective_on, id"
    )
    return none_of(numbers, "are not")


def _shown(code: str) -> str:
    """A code as people read it, also one that is none."""
    return f"{code[:4]}-{code[4:]}"
