"""Probes of the schema: revision, indexes, triggers, and the application's privileges."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from registry.core.database import APP_ROLE
from registry.core.messages import Message
from registry.core.revision import current_revision, head_revision, suits
from registry.core.sql import Statements
from registry.core.tables.records import HOUSEHOLD, STAMPED
from registry.ops.probes.probe import Finding, Need, Subject, all_of, failure, ok, probe, warning

SQL: Final = Statements(__file__, "queries.sql")

_PREPARE: Final = "chạy `bin/diachiso database prepare`"
_BASELINE: Final = "migrations/baseline/"

TRIGGERS: Final = {
    "event": ("event_append_only",),
    "feed": ("feed_append_only", "feed_rename_promoted", "feed_wakes_webhooks"),
    "household_version": ("household_version_append_only",),
    "code_key": ("code_key_fixed",),
    "household": (
        "household_no_truncate",
        "household_code_permanent",
        "household_status_transition",
        "household_stamp",
        "household_1_check_insert",
        "household_1_check_update",
        "household_1_check_delete",
        "household_1_keep_referred",
        "household_2_keep_update",
        "household_2_keep_delete",
        "household_3_end_succession",
        *("household_3_forget_numbers", "household_3_keep_new_uses", "household_3_keep_uses"),
        *(f"household_4_touch_{each}" for each in ("insert", "update", "delete")),
    ),
    "plate": tuple(f"plate_touch_{each}" for each in ("insert", "update", "delete")),
    "succession_link": ("succession_link_no_cycle",),
    "place": (
        *("place_identity", "place_1_hold", "place_1_hold_again", "place_2_pass_on"),
        *("place_keep", "place_keep_removed", "place_moved", "place_removed"),
    ),
    "place_version": ("place_version_append_only",),
    "parked_key": ("parked_key_empty",),
    "household_ref": ("household_ref_1_check_insert", "household_ref_1_check_update"),
    "import": ("import_remove_problems", "import_keep_referred"),
    "import_problem": ("import_problem_check_insert", "import_problem_check_update"),
    "audit_entry": ("audit_entry_no_update", "audit_entry_keep"),
    "admin_unit": ("admin_unit_gazetteer", "admin_unit_identity", "admin_unit_removed"),
    "admin_unit_version": ("admin_unit_version_gazetteer",),
    "admin_unit_alias": ("admin_unit_alias_gazetteer",),
    "admin_unit_succession": ("admin_unit_succession_gazetteer",),
    "unit_identifier": ("unit_identifier_gazetteer",),
}
"""Triggers that enforce rules."""

MAY_WRITE: Final = {
    "INSERT": ("succession_link", "household_former_number", "audit_entry", "reform_before"),
    "INSERT UPDATE": (
        *("admin_unit", "admin_unit_version", "admin_unit_succession", "place"),
        *("reform", "reform_work", "service_count"),
        *("plate", "certificate", "target", "coverage_day", "field_report", "api_key", "unit_told"),
        *("field_round", "field_record", "pending_operation"),
    ),
    "INSERT UPDATE DELETE": (
        *("admin_unit_alias", "boundary", "boundary_part", "household_ref", "external_id"),
        *("household_use", "unit_identifier"),
        *("import", "import_problem", "import_edit", "import_work", "source_name", "api_key_unit"),
        "field_report_voice",
        *("enumeration_budget", "request_rate", "map_unit", "map_label", "map_density"),
        *("coverage_count", "desk_session", "webhook", "service_office", "batch"),
    ),
    "UPDATE": ("map_state", "coverage_state", "unit_told_state"),
    "UPDATE DELETE": ("household",),
    "INSERT DELETE": (
        *("household_ref_before", "coverage_touched", "field_report_receipt"),
        *("webhook_unit", "webhook_code", "webhook_delivery"),
        *("service_area", "service_area_unit", "service_area_code", "second_person_table"),
    ),
}
"""Privileges of the application beyond SELECT, as the migrations grant them."""

SECURED: Final = (
    *("household", "place"),
    *("household_former_number", "household_use", "succession_link", "plate", "certificate"),
)
"""Tables with row-level security, in which a key writes only in its own units."""
POLICIES: Final = 4
"""Policies of each: select, insert, update, delete."""

INDEXES: Final = Path(__file__).parent / "indexes.csv"
"""Table and name of each index of the migrations, including those of keys and exclusions."""

COUNTED_ALONG: Final = ("street_id", "locality_id")
"""Columns of former numbers that a reform writes when it splits a street or locality."""

_SHOWN: Final = 5

Privileges = set[tuple[str, str]]
"""(table, or table.column; privilege)."""


@probe(hint=Message("advice_prepare_or_update", prepare=_PREPARE), need=Need.DATABASE)
def revision(subject: Subject) -> Finding:
    """The schema is at the newest migration."""
    head, current = head_revision(), current_revision(subject.connection)
    if current == head:
        return ok(head)
    if suits(subject.connection):
        return warning(Message("schema_suits", current=current, head=head))
    return failure(Message("schema_and_program_differ", current=current or "none", head=head))


@probe(hint=Message("advice_rebuild_indexes"))
def indexes(subject: Subject) -> Finding:
    """All indexes are there and valid."""
    rows = subject.connection.execute(SQL.text("indexes"))
    usable = {row.name: row.usable for row in rows}
    wanted = {name for _, name in read_indexes()}
    missing = _listed("objects_missing", wanted - usable.keys())
    broken = _listed(
        "objects_invalid", {name for name, is_usable in usable.items() if not is_usable}
    )
    return all_of(missing + broken, well=f"{len(wanted)}")


def read_indexes() -> set[tuple[str, str]]:
    """Return (table, index) of every index of the register."""
    with INDEXES.open(encoding="utf-8", newline="") as file:
        return {(row["table"], row["index"]) for row in csv.DictReader(file)}


@probe(hint=Message("advice_enable_triggers"))
def triggers(subject: Subject) -> Finding:
    """The triggers are enabled that keep versions and make tables append-only."""
    rows = subject.connection.execute(SQL.text("triggers"))
    found = {(table, name): enabled for table, name, enabled in rows}
    wanted = {(table, name) for table, names in TRIGGERS.items() for name in names}
    missing = _listed("objects_missing", {name for _, name in wanted - found.keys()})
    off = _listed(
        "objects_disabled", {name for table, name in wanted if found.get((table, name)) is False}
    )
    return all_of(missing + off, well=f"{len(wanted)}")


@probe(hint=Message("advice_grant_as_in", baseline=_BASELINE))
def privileges(subject: Subject) -> Finding:
    """The application's role may do what the migrations grant, and no more."""
    rows = subject.connection.execute(SQL.text("granted"), {"role": APP_ROLE})
    granted = {(where, what) for where, what in rows}
    wanted = _wanted_privileges()
    missing = _listed("objects_missing", (f"{what} on {where}" for where, what in wanted - granted))
    beyond = _listed(
        "privileges_beyond", (f"{what} on {where}" for where, what in granted - wanted)
    )
    return all_of(missing + beyond)


@probe(hint=Message("advice_secure_rows", baseline=_BASELINE))
def row_security(subject: Subject) -> Finding:
    """Row-level security holds each key to its units, also in a session of the owner's."""
    rows = subject.connection.execute(SQL.text("row_security"))
    secured = {row.name for row in rows if row.enabled and row.policies >= POLICIES}
    missing = _listed("tables_not_secured", set(SECURED) - secured)
    return all_of(missing, well=f"{len(SECURED)}")


def _wanted_privileges() -> Privileges:
    tables = {table for table, _ in read_indexes()}
    insertable = [column.name for column in HOUSEHOLD.columns]
    return {
        *((table, "SELECT") for table in tables),
        *(
            (table, verb)
            for verbs, names in MAY_WRITE.items()
            for table in names
            for verb in verbs.split()
        ),
        *((f"household.{name}", "INSERT") for name in insertable if name not in STAMPED),
        *((f"household_former_number.{name}", "UPDATE") for name in COUNTED_ALONG),
        ("place_id_seq", "USAGE"),
        ("code_ordinal", "SELECT"),
        ("demo_ordinal", "SELECT"),
        ("schema public", "USAGE"),
    }


def _listed(title: str, names: Iterable[str]) -> list[Message]:
    """Return `title: a, b, c and 4 more`, or nothing without names; `title` is a message code."""
    ordered = sorted(names)
    if not ordered:
        return []
    more = len(ordered) - _SHOWN
    shown: Message | list[str] = ordered
    if more > 0:
        shown = Message("names_and_more", names=ordered[:_SHOWN], more=more)
    return [Message(title, names=shown)]
