"""Packages of the program: their licences, NOTICE and the documents that list them."""

import json
import sys
from typing import Any

import pytest
from packaging.requirements import Requirement

from scripts import components


@pytest.mark.skipif(sys.version_info < (3, 12), reason="fewer tools of developers are installed")
def test_licences_are_accepted_and_notice_is_current() -> None:
    assert components.problems() == []


@pytest.mark.parametrize(
    ("named", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0-only", True),
        ("GNU General Public License v2 (GPLv2)", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3", False),
        ("MIT", False),
    ],
)
def test_gpl_is_refused_and_lgpl_accepted(named: str, refused: bool) -> None:
    assert bool(components.REFUSED.search(named)) is refused


def test_packages_of_extras_and_of_packages_are_found() -> None:
    found = components.distributions([Requirement("psycopg[binary]"), Requirement("flask")])
    assert {"psycopg", "psycopg-binary", "flask", "werkzeug", "markupsafe"} <= found.keys()
    assert "psycopg-pool" not in found
    assert "pytest" not in components.distributions(components.required())


@pytest.fixture(scope="module")
def installed() -> dict[str, Any]:
    return components.installed()


@pytest.mark.thorough
@pytest.mark.parametrize("client", [False, True], ids=["program", "client"])
def test_sbom_is_valid_and_lists_what_is_shipped(installed: dict[str, Any], client: bool) -> None:
    # It builds grammars when it is imported, in a second.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    wanted = components.required_by_client() if client else components.required()
    component = {"name": "diachiso", "version": "1"}
    made = components.sbom(installed, wanted, component, browser=not client)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made)) is None
    names = {each["name"].lower() for each in made["components"]}
    assert {"httpx", "attrs"} <= names if client else {"flask", "psycopg", "maplibre-gl"} <= names
    assert "pytest" not in names
