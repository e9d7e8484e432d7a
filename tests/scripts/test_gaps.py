"""`diachiso gaps`, as a clerk calls it."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scripts.gaps import gaps

Run = Callable[..., Result]


@pytest.fixture
def run(fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command over a database that has targets and no households."""
    monkeypatch.setenv("DATABASE_URL", fresh_database())
    return lambda *arguments: CliRunner().invoke(gaps, arguments)


def test_gaps_are_shown_and_written_in_every_format(run: Run, tmp_path: Path) -> None:
    shown = run("--unit", "01").stdout
    assert "còn thiếu nhiều so với tổng số hộ: 1" in shown
    assert "(có 0 / 2.271.806, ước tính)" in shown
    assert "chưa có tệp nào: 126" in shown
    assert "… và 96 nữa" in shown
    answer = json.loads(run("--unit", "01", "--kind", "never_delivered", "--format", "json").stdout)
    assert answer["counts"] == {"below_target": None, "street_holes": None, "never_delivered": 126}
    for name in ("a.csv", "a.xlsx", "a.geojson", "a.json"):
        done = run("--unit", "01", "--out", str(tmp_path / name))
        assert done.exit_code == 0, done
        assert (tmp_path / name).stat().st_size > 1_000
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [row["Mã xã"] for row in found][:2] == ["00004", "00008"]
    assert len(found) == 126  # a province has no point to visit
    for wrong in (("--out", "a.doc"), ("--format", "xlsx"), ("--kind", "x")):
        assert run(*wrong).exit_code == 2


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.geojson"])
def test_missing_folder_is_reported(run: Run, tmp_path: Path, name: str) -> None:
    out = tmp_path / "missing" / name
    result = run("--unit", "01", "--out", str(out))
    assert result.exit_code == 1
    assert f"không ghi được {out}: không có thư mục ấy" in result.stderr
