"""What `bin/test --all` does more of than the gate."""

from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from hypothesis import settings

PROFILE = "thorough"


def examples(gate: int, thorough: int) -> int:
    """How many examples to try: of hypothesis and of others that are made by chance."""
    return thorough if settings.get_current_profile_name() == PROFILE else gate


def gate_takes(names: Iterable[str], *gate: str) -> list[str | ParameterSet]:
    """Parameters of which the gate tries only some."""
    known = list(names)
    assert set(gate) <= set(known), f"unknown: {set(gate) - set(known)}"
    marks = pytest.mark.thorough
    return [name if name in gate else pytest.param(name, marks=marks) for name in known]


def gate_takes_first(several: int, cases: Iterable[Any]) -> list[ParameterSet]:
    """Cases, each a value or a tuple of them, of which the gate tries so many."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=pytest.mark.thorough if at >= several else (),
        )
        for at, case in enumerate(cases)
    ]


def gate_takes_one_of(several: int, cases: Iterable[tuple[Any, ...]]) -> list[ParameterSet]:
    """Cases of which the gate tries one of so many, by turns."""
    marks = pytest.mark.thorough
    return [
        pytest.param(*case, marks=marks if at % several else ()) for at, case in enumerate(cases)
    ]
