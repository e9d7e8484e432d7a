"""The table of operations: endpoints, commands and docs/reference/operations.md follow from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from registry.core.labels import STATUSES
from registry.core.messages import N_
from registry.core.roles import Role
from registry.lifecycle import bulk, plates, records, successions, undo
from registry.lifecycle import requests as r
from registry.lifecycle.work import Done, Work


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the lifecycle."""

    name: str
    """Name in a path and on the command line: `rename-street`."""
    called: str
    """Its label, a text of the catalogue."""
    from_states: tuple[str, ...]
    """Statuses of its record before it; empty for an operation without a record."""
    to_state: str | None
    """Status of that record after it; None if unchanged."""
    role: Role
    """The least role of a key: an approver to activate or retire codes."""
    request: type[r.OperationRequest]
    run: Callable[[Work, Any], Done]
    example: dict[str, Any]
    """A request that the OpenAPI document shows and a test performs, in this order."""
    makes: str | None = None
    """Status of the records it creates."""

    @property
    def kind(self) -> str:
        """Its name in events: `rename_street`."""
        return self.name.replace("-", "_")

    @property
    def summary(self) -> str:
        """Its one-line description."""
        return (self.request.__doc__ or "").strip()

    @property
    def of_record(self) -> bool:
        """Whether it can apply to one record, and so accepts `If-Match`."""
        return bool(self.from_states)


_LIVING: Final = ("proposed", "active")
_HERE: Final = {"commune": "00199", "decision_number": "12/QĐ-UBND"}

OPERATIONS: Final = (
    Operation(
        "reserve",
        N_("reserve"),
        (),
        "reserved",
        "approver",
        r.ReserveRequest,
        records.reserve,
        {"count": 3, "commune": "00199", "reason": "in biển số nhà đợt 1"},
        makes="reserved",
    ),
    Operation(
        "propose",
        N_("propose"),
        ("reserved",),
        "proposed",
        "editor",
        r.ProposeRequest,
        records.propose,
        {
            "commune": "00199",
            "street": "Phố Láng",
            "house_number": "31",
            "lon": 105.806,
            "lat": 21.0211,
        },
        makes="proposed",
    ),
    Operation(
        "activate",
        N_("activate"),
        ("reserved", "proposed"),
        "active",
        "approver",
        r.ActivateRequest,
        records.activate,
        {"code": "XXXX-XXX8"},
    ),
    Operation(
        "verify",
        N_("verify"),
        ("active",),
        None,
        "editor",
        r.VerifyRequest,
        records.verify,
        {"code": "1H6X-XH2V", "on": "2026-11-02"},
    ),
    Operation(
        "correct",
        N_("correct"),
        _LIVING,
        None,
        "editor",
        r.CorrectRequest,
        records.correct,
        {"code": "1H6X-XH2V", "delivery_hint": "đối diện chợ Láng", "households_count": 2},
    ),
    Operation(
        "move",
        N_("move"),
        _LIVING,
        None,
        "editor",
        r.MoveRequest,
        records.move,
        {"code": "1H6X-XH2V", "lon": 105.8062, "lat": 21.0212, "position_accuracy_m": 4},
    ),
    Operation(
        "entrances",
        N_("entrances"),
        _LIVING,
        None,
        "editor",
        r.EntrancesRequest,
        records.set_entrances,
        {
            "code": "1H6X-XH2V",
            "entrances": [
                {"kind": "main", "lon": 105.8061, "lat": 21.0211, "seen_on": "2026-11-02"},
                {"kind": "vehicles", "lon": 105.8065, "lat": 21.0214, "note": "cổng phía ngõ 34"},
            ],
        },
    ),
    Operation(
        "uses",
        N_("uses"),
        _LIVING,
        None,
        "editor",
        r.UsesRequest,
        records.set_uses,
        {
            "code": "1H6X-XH2V",
            "uses": [
                {"use": "dwelling"},
                {"use": "business", "name": "Nhà thuốc Láng", "since": "2026-10-01"},
            ],
        },
    ),
    Operation(
        "renumber",
        N_("renumber"),
        _LIVING,
        None,
        "editor",
        r.RenumberRequest,
        records.renumber,
        {"code": "1H6X-XH2V", "house_number": "29", "decision_number": "12/QĐ-UBND"},
    ),
    Operation(
        "merge",
        N_("merge"),
        _LIVING,
        "retired",
        "approver",
        r.MergeRequest,
        successions.merge,
        {"codes": ["2HT6-4FP5"], "into": "1H6X-XH2V", "reason": "hai nhà thông nhau"},
    ),
    Operation(
        "split",
        N_("split"),
        ("active",),
        "retired",
        "approver",
        r.SplitRequest,
        successions.split,
        {
            "code": "FHVK-VF9M",
            "parts": [{"house_number": "35A"}, {"house_number": "35B"}],
            "reason": "chia thửa",
        },
        makes="active",
    ),
    Operation(
        "replace",
        N_("replace"),
        ("active",),
        "retired",
        "approver",
        r.ReplaceRequest,
        successions.replace,
        {"code": "1000-0014", "by": "1000-0006", "reason": "biển in sai"},
        makes="active",
    ),
    Operation(
        "retire",
        N_("retire"),
        ("reserved", "proposed", "active"),
        "retired",
        "approver",
        r.RetireRequest,
        records.retire,
        {"code": "44PK-PHR3", "reason": "nhà đã phá dỡ"},
    ),
    Operation(
        "reinstate",
        N_("reinstate"),
        ("retired",),
        "active",
        "approver",
        r.ReinstateRequest,
        records.reinstate,
        {"code": "6730-2VM4", "reason": "ngừng dùng nhầm"},
    ),
    Operation(
        "name-street",
        N_("name street"),
        (),
        None,
        "editor",
        r.NameStreetRequest,
        bulk.name_street,
        {**_HERE, "street": "Đường Trần Duy Hưng"},
    ),
    Operation(
        "merge-street",
        N_("merge street"),
        (),
        None,
        "approver",
        r.MergeStreetRequest,
        bulk.merge_street,
        {**_HERE, "street": "Ngõ Chùa Nền", "into": "Phố Láng", "reason": "nối liền"},
    ),
    Operation(
        "renumber-street",
        N_("renumber street"),
        (),
        None,
        "approver",
        r.RenumberStreetRequest,
        bulk.renumber_street,
        {
            **_HERE,
            "street": "Phố Láng",
            "numbers": [{"old": "29", "new": "27"}, {"old": "31", "new": "29"}],
        },
    ),
    Operation(
        "rename-street",
        N_("rename street"),
        (),
        None,
        "approver",
        r.RenameStreetRequest,
        bulk.rename_street,
        {**_HERE, "street": "Phố Láng", "new_name": "Đường Láng"},
    ),
    Operation(
        "name-locality",
        N_("name locality"),
        (),
        None,
        "editor",
        r.NameLocalityRequest,
        bulk.name_locality,
        {**_HERE, "locality": "Tổ 9, Khu phố 1"},
    ),
    Operation(
        "renumber-locality",
        N_("renumber locality"),
        (),
        None,
        "approver",
        r.RenumberLocalityRequest,
        bulk.renumber_locality,
        {**_HERE, "locality": "Thôn Đoài", "numbers": [{"old": "7", "new": "9"}]},
    ),
    Operation(
        "rename-locality",
        N_("rename locality"),
        (),
        None,
        "approver",
        r.RenameLocalityRequest,
        bulk.rename_locality,
        {**_HERE, "locality": "Thôn Đông", "new_name": "Tổ dân phố 5"},
    ),
    Operation(
        "merge-locality",
        N_("merge locality"),
        (),
        None,
        "approver",
        r.MergeLocalityRequest,
        bulk.merge_locality,
        {**_HERE, "locality": "Thôn Nam", "into": "Thôn Đoài", "reason": "sáp nhập thôn"},
    ),
    Operation(
        "undo",
        N_("undo"),
        (),
        None,
        "approver",
        r.UndoRequest,
        undo.undo,
        {"event_id": 417, "reason": "nhập nhầm tên thôn"},
    ),
    Operation(
        "issue-plates",
        N_("issue plates"),
        (),
        None,
        "editor",
        r.IssuePlatesRequest,
        plates.issue,
        {"commune": "00199", "street": "Đường Láng"},
    ),
    Operation(
        "mount-plates",
        N_("mount plates"),
        (),
        None,
        "editor",
        r.MountPlatesRequest,
        plates.mount,
        {"codes": ["1H6X-XH2V"]},
    ),
    Operation(
        "lose-plates",
        N_("lose plates"),
        (),
        None,
        "editor",
        r.LosePlatesRequest,
        plates.lose,
        {"codes": ["1H6X-XH2V"], "reason": "biển vỡ"},
    ),
)

BY_NAME: Final = {operation.name: operation for operation in OPERATIONS}
LEGAL_FROM: Final = {
    status: tuple(o.name for o in OPERATIONS if status in o.from_states) for status in STATUSES
}
"""Status → operations that start from it."""
