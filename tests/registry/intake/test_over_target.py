"""Communes that would have more households than there are: a list came twice, or astray."""

from sqlalchemy import Engine, text

from registry.core.database import session_scope
from tests.support.intake import BA_DINH, HONG_HA, Deliver, door


def set_target(engine: Engine, unit: str, households: int, quality: str) -> None:
    with session_scope(engine) as session:
        session.execute(
            text(
                "INSERT INTO target (unit_id, households, quality, source, reference_date, counted)"
                " SELECT id, :n, :quality, 'thử', '2026-01-01', 'households' FROM admin_unit"
                " WHERE code = :unit AND level = 'commune'"
            ),
            {"n": households, "quality": quality, "unit": unit},
        )


def notes_on_target(result: object) -> list[str]:
    return [note for note in result.file_notes if "sổ sẽ có" in str(note)]  # type: ignore[attr-defined]


def test_commune_far_above_its_target_is_reported(engine: Engine, deliver: Deliver) -> None:
    set_target(engine, BA_DINH, 40, "declared")
    set_target(engine, HONG_HA, 40, "estimate")
    first = [door(str(number), f"a{number}") for number in range(1, 112)]
    elsewhere = [door(str(number), f"b{number}", commune_code=HONG_HA) for number in range(1, 112)]

    # 111 of 40 + 50: more than half as many again as were declared. An estimate may be as far off.
    (note,) = notes_on_target(deliver(*first, *elsewhere, dry_run=True))
    assert "Phường Ba Đình: sổ sẽ có 111 hộ, nhưng tổng số hộ kê khai là 40" in str(note)
    assert notes_on_target(deliver(*first)) == [note]
    assert notes_on_target(deliver(*first)) == []  # nothing is new
    # Registered households count as well.
    again = [door(str(number), f"c{number}", street="Phố Hàng Đậu") for number in range(1, 21)]
    (note,) = notes_on_target(deliver(*again, source="khác"))
    assert "sổ sẽ có 131 hộ" in str(note)
    assert notes_on_target(deliver(*again[:5], source="khác nữa")) == []
