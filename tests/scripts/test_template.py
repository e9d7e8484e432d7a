"""`diachiso template` on the command line; what is in the workbook is in tests/registry."""

from pathlib import Path

from click.testing import CliRunner

from scripts.template import template


def test_workbook_that_is_there_is_left(tmp_path: Path) -> None:
    out = tmp_path / "ba-dinh.xlsx"
    out.write_text("filled in")
    result = CliRunner().invoke(template, ["--unit", "00004", "--out", str(out)])
    assert result.exit_code == 2
    assert "đã có tệp" in result.output
    assert out.read_text() == "filled in"
