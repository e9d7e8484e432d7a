"""The decorator that makes a function a command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import click
import pytest
from click.testing import CliRunner

from scripts.command import command


@dataclass(frozen=True)
class Area:
    """Where."""

    unit: Annotated[str, "--unit CODE", "Only this unit."]
    streets: Annotated[tuple[str, ...], "--street", "Streets of it."] = ()


@click.group()
def tools() -> None:
    """A group."""


@command(tools, "count", text=lambda found: click.echo(found["unit"]), failed=lambda f: f["most"])
def count_(
    file: Path,
    *,
    area: Area,
    order: Annotated[Literal["near", "far"], "Which first."] = "near",
    most: Annotated[int | None, click.IntRange(1, 9)] = None,
    dry_run: bool = False,
) -> dict[str, object]:
    """Count doors."""
    return {"file": str(file), "unit": area.unit, "streets": area.streets, "order": order,
            "most": most, "dry_run": dry_run}  # fmt: skip


@command(tools)
def status(number: int) -> int:
    """Exit with a number."""
    return number


@pytest.mark.parametrize(
    ("typed", "code", "shown"),
    [
        ("count f --unit 00004", 0, "00004\n"),
        ("count f --unit 1 --most 3", 1, "1\n"),
        ("count f --unit 1 --most 10", 2, "--most"),
        ("count f --unit 1 --order last", 2, "--order"),
        ("count f", 2, "--unit"),
        ("count --unit 1", 2, "FILE"),
        ("count f --unit 1 --street a --street b --format json", 0, '"streets": ['),
        ("status 3", 3, ""),
    ],
)
def test_parameters_are_options_and_the_result_is_the_exit_status(
    typed: str, code: int, shown: str
) -> None:
    done = CliRunner().invoke(tools, typed.split())
    assert done.exit_code == code
    assert shown in done.output
    assert done.output == shown or code == 2 or "json" in typed


def test_help_lists_values_and_defaults() -> None:
    shown = CliRunner().invoke(tools, ["count", "--help"]).output
    assert "--unit CODE" in shown
    assert "Only this unit." in shown
    assert "[near|far]" in shown
    assert "near]" in shown
    assert "--dry-run" in shown
