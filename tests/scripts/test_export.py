"""`diachiso export`: existing files are not overwritten."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from scripts.export import export


def test_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "so.csv"
    path.write_text("của tôi")
    refused = CliRunner().invoke(export, ["--out", str(path)])
    assert (refused.exit_code, path.read_text()) == (2, "của tôi")
    assert "--force để ghi đè" in refused.stderr


def test_dash_writes_only_the_export_to_stdout(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database())
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(
        export, ["--out", "-", "--format", "geojson", "--layer", "communes", "--unit", "01"]
    )
    assert run.exit_code == 0, run.stderr
    communes = json.loads(run.stdout)["features"]
    assert len(communes) == 126
    assert {each["properties"]["province"] for each in communes} == {"Thành phố Hà Nội"}
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(export, ["--out", "-"]).exit_code == 2  # of which format?
    assert CliRunner().invoke(export, ["--out", "-", "--format", "xlsx"]).exit_code != 0
