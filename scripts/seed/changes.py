"""Changes of kind after July 2025, from the notes of the statistics office's catalogue.

The notes give the number of a resolution and the day of signing. The day of effect is known from
elsewhere (`registry/seed/README.md` names the sources); where it is not, the change is written as
`signed`, and the register does not make it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.seed.maps import MapUnit, Note

_EFFECTIVE_ON = {
    "30/2026/QH16": "2026-04-30",
    "237/NQ-UBTVQH16": "2026-04-30",
    "36/2026/QH16": "2026-09-01",
    "39/2026/QH16": "2026-09-20",
    "388/NQ-UBTVQH16": "2026-09-20",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A unit of the current map got another kind."""

    valid_from: str
    date_basis: str
    kind: str
    legal_basis: str


def find_changes(units: Mapping[str, MapUnit], notes: Mapping[str, Note]) -> dict[str, Change]:
    """Return the changes of kind by code."""
    changes = {}
    for code, note in notes.items():
        if note.kind != units[code].kind:
            effective_on = _EFFECTIVE_ON.get(note.resolution)
            changes[code] = Change(
                valid_from=effective_on or note.dated,
                date_basis="effective" if effective_on else "signed",
                kind=note.kind,
                legal_basis=note.legal_basis,
            )
    return changes


def reform_basis(units: Mapping[str, MapUnit], notes: Mapping[str, Note]) -> dict[str, str]:
    """Return the resolution of 2025 that rearranged each province's communes.

    One per province. A commune whose note now cites a later one has its province's.
    """
    basis: dict[str, str] = {}
    for code, note in notes.items():
        if note.dated.startswith("2025"):
            province = units[code].parent
            if basis.setdefault(province, note.legal_basis) != note.legal_basis:
                raise ValueError(f"province {province} has two resolutions of 2025")
    return basis
