"""The gazetteer of the seeds' files is that of a register into which they were loaded."""

from registry.units.gazetteer import Gazetteer
from registry.units.seed_gazetteer import seed_gazetteer


def test_seed_files_equal_a_new_register(gazetteer: Gazetteer) -> None:
    ours = seed_gazetteer()
    assert ours.turned_on == gazetteer.turned_on
    assert ours.turns_on == gazetteer.turns_on
    assert len(ours.units) == len(gazetteer.units)
    for unit_id, unit in gazetteer.units.items():
        mine = ours.units[unit_id]
        assert mine == unit
        assert mine.identifiers == unit.identifiers
    assert ours.steps == gazetteer.steps
