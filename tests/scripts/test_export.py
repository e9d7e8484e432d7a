"""`diachiso export`: a file that is there is somebody's."""

from pathlib import Path

from click.testing import CliRunner

from scripts.export import export


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "so.csv"
    path.write_text("của tôi")
    refused = CliRunner().invoke(export, ["--out", str(path)])
    assert (refused.exit_code, path.read_text()) == (2, "của tôi")
    assert "--force để ghi đè" in refused.stderr
