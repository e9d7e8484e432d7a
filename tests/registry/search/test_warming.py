"""What a process prepares before it serves."""

import pytest

from registry.core.settings import Settings
from registry.register import Register
from registry.search.autocomplete.unit_index import _indexes
from registry.units import gazetteer_loading
from registry.units.vocabulary import _vocabularies
from registry.warming import warm
from tests.support.search_world import World

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.mark.thorough
def test_caches_are_filled_before_the_first_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Units that another register's tests loaded are equal, and given again with what was made.
    monkeypatch.setattr(gazetteer_loading, "_held", {})
    register = Register.open(Settings(limits=False), world.url)
    try:
        known = register.gazetteer.get()
        made = (_indexes, _vocabularies)
        assert not any(each.of(known) for each in made)
        warm(register)
        assert register.gazetteer.get() is known
        assert all(each.of(known) for each in made)
        assert all({"squeezed", "shortened"} <= set(vars(n)) for n in register.place_names.get())
    finally:
        register.close()


def test_warming_tolerates_an_unreachable_database() -> None:
    register = Register.open(Settings(limits=False), NOWHERE)
    warm(register)
    register.close()
