"""`diachiso template` on the command line; the workbook itself is tested in tests/registry."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from registry.lifecycle.number_table import read_numbers
from scripts.template import template


def test_existing_workbook_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "ba-dinh.xlsx"
    out.write_text("filled in")
    result = CliRunner().invoke(template, ["--unit", "00004", "--out", str(out)])
    assert result.exit_code == 2
    assert "đã có tệp" in result.output
    assert out.read_text() == "filled in"


def test_missing_folder_is_reported(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database())
    out = tmp_path / "missing" / "a.xlsx"
    result = CliRunner().invoke(template, ["--unit", "00004", "--out", str(out)])
    assert result.exit_code == 1
    assert f"không ghi được {out}: không có thư mục ấy" in result.stderr


def test_template_of_a_small_table_is_written_by_name(tmp_path: Path) -> None:
    out = tmp_path / "so-nha.xlsx"
    assert CliRunner().invoke(template, ["--table", "numbers", "--out", str(out)]).exit_code == 0
    assert read_numbers(out) == [{"old": "12", "new": "14"}]
    assert CliRunner().invoke(template, ["--table", "numbers", "--out", str(out)]).exit_code == 2
    assert CliRunner().invoke(template, ["--out", str(out)]).exit_code == 2
