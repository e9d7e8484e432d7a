"""Every column of the record is complete: anything missing is named with its file."""

import csv
from typing import get_type_hints

import pytest

from api.v1.addresses import Address
from api.v1.changes import PutEntry
from registry.core.messages import in_vietnamese
from registry.core.settings import ROOT
from registry.core.tables.records import HOUSEHOLD, Goes, described, going
from registry.lifecycle.requests import ProposeRequest

pytestmark = pytest.mark.gate

# What an address or the neutral file has under other names.
POSITION = {"position_method", "position_accuracy_m"}
TRANSFERRED_AS = {
    "unit_id": "commune",
    "former_unit_id": "former_commune",
    "event_id": "event",
    "street_id": "street",
    "locality_id": "locality",
    "house_number_key": "number_key",
    "building_name": "building",
    "parent_code": "parent",
    "point": "lon",
    "recorded_at": "since",
}


def rows(path: str) -> list[dict[str, str]]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def members(goes: Goes) -> set[str]:
    return {described(column).member for column in going(goes)}


def test_every_visible_column_has_a_vietnamese_label() -> None:
    seen = {column.name: described(column) for column in going(Goes.ANSWERED | Goes.TRACED)}
    missing = [
        n for n, expected in seen.items() if not expected.label or not in_vietnamese(expected.label)
    ]
    assert missing == [], "label, in registry/core/tables/records.py"


def test_every_importable_column_has_an_example_header() -> None:
    shown = {row["field"] for row in rows("tests/vectors/headers.csv")}
    delivered = {"unit_number": "unit", "delivery_hint": "address"}
    wanted = {delivered.get(column.name, column.name) for column in going(Goes.DELIVERED)}
    assert wanted - shown == set(), "a header, in tests/vectors/headers.csv"


def test_every_column_of_operations_is_in_their_requests() -> None:
    missing = members(Goes.EDITED) - ProposeRequest.model_fields.keys()
    assert missing == set(), "Address, in registry/lifecycle/requests.py"


def test_every_published_column_is_in_the_api_and_the_feed() -> None:
    shared = members(Goes.ANSWERED | Goes.FED)
    missing = shared - POSITION - get_type_hints(Address).keys()
    assert missing == set(), "Address, in api/v1/addresses.py"
    missing = shared - get_type_hints(PutEntry).keys()
    assert missing == set(), "PutEntry, in api/v1/changes.py"


def test_every_column_is_in_the_transfer_file() -> None:
    table = rows("registry/ops/transfer/members.csv")
    known = {row["member"] for row in table if row["part"] == "records"}
    wanted = {TRANSFERRED_AS.get(column.name, column.name) for column in HOUSEHOLD.c}
    assert wanted - known == set(), "part records, in registry/ops/transfer/members.csv"
