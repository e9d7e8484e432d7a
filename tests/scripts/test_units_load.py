"""`diachiso units load` and `diachiso doctor`, as an operator calls them."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from scripts.main import diachiso

pytestmark = pytest.mark.thorough

SQUARE = [[105.81, 21.03], [105.82, 21.03], [105.82, 21.04], [105.81, 21.04], [105.81, 21.03]]
BOW_TIE = [[105.81, 21.03], [105.82, 21.04], [105.82, 21.03], [105.81, 21.04], [105.81, 21.03]]


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("DATABASE_URL", url)
    return lambda *arguments: CliRunner().invoke(diachiso, arguments)


def boundaries(tmp_path: Path, **rings: list[list[float]]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code.removeprefix("c")},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for code, ring in rings.items()
    ]
    path = tmp_path / "units.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def count(url: str, table_and_condition: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table_and_condition}").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.gate
def test_load_names_repaired_units_and_succeeds(run, url, tmp_path):
    done = run("units", "load", "--boundaries", boundaries(tmp_path, c00004=BOW_TIE))
    assert done.exit_code == 0
    assert "1 communes, 0 provinces: 1 new, 0 replaced, 0 unchanged" in done.stdout
    assert "repaired, because they came invalid (1):\n  00004 Ba Đình\n" in done.stdout
    assert "reading units.geojson" in done.stderr
    assert "reading" not in done.stdout
    assert count(url, "boundary WHERE NOT approximate") == 1
    assert count(url, "boundary WHERE approximate") == 3320


def test_load_with_problems_loads_the_rest_and_exits_1(run, url, tmp_path):
    source = boundaries(tmp_path, c00004=SQUARE, c00008=SQUARE, c00001=SQUARE, c99999=SQUARE)
    done = run("units", "load", "--boundaries", source)
    assert done.exit_code == 1
    assert "not loaded, no such code (1):\n  99999\n" in done.stdout
    assert "not loaded, the unit ended (1):\n  00001 Phúc Xá → " in done.stdout
    assert count(url, "boundary WHERE NOT approximate") == 2


def test_repeated_load_reports_no_change(run, tmp_path):
    arguments = ("units", "load", "--boundaries", boundaries(tmp_path, c00004=SQUARE))
    run(*arguments)
    done = run(*arguments)
    assert done.exit_code == 0
    assert "nothing was changed" in done.stdout


def test_load_as_json(run, tmp_path):
    source = boundaries(tmp_path, c00004=BOW_TIE, c00008=SQUARE, c99999=SQUARE)
    done = run("units", "load", "--boundaries", source, "--format", "json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["loaded"] == 2
    assert report["unknown"] == ["99999"]
    assert report["repaired"] == [{"code": "00004", "name": "Ba Đình"}]


def test_dry_run_changes_nothing(run, url, tmp_path):
    source = boundaries(tmp_path, c00004=SQUARE)
    done = run("units", "load", "--boundaries", source, "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.startswith("dry run: nothing was changed\n")
    assert count(url, "boundary WHERE NOT approximate") == 0
    assert count(url, "event") == 0


def test_unreadable_file_is_one_line_and_status_1(
    run, tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from scripts import main

    path = tmp_path / "absent.geojson"
    monkeypatch.setattr("sys.argv", ["diachiso", "units", "load", "--boundaries", str(path)])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"không có tệp {path} (file {path} does not exist)\n"


def test_status_reaches_the_shell(
    run, tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from scripts import main

    source = boundaries(tmp_path, c00004=SQUARE, c99999=SQUARE)
    monkeypatch.setattr("sys.argv", ["diachiso", "units", "load", "--boundaries", source])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert "99999" in capsys.readouterr().out


def test_wrong_usage_is_status_2(run):
    assert run("units", "load", "--format", "xml").exit_code == 2
    assert run("units", "load", "extra").exit_code == 2


def test_loading_the_seeds_is_idempotent_and_draws_cells(run, url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM boundary")
        connection.execute("UPDATE gazetteer_state SET seed_sha256 = 'older'")
    dry = run("units", "load", "--dry-run")
    assert dry.exit_code == 0
    assert dry.stdout.startswith("dry run: nothing was changed\nunits: loaded from the seeds\n")
    assert count(url, "boundary") == 0
    first = run("units", "load", "--format", "json")
    assert json.loads(first.stdout) == {
        "seeds_loaded": True,
        "cells": {"drawn": 3321, "removed": 0},
        "dry_run": False,
    }
    assert count(url, "boundary WHERE approximate") == 3321
    again = run("units", "load")
    assert again.exit_code == 0
    assert again.stdout == (
        "units: as in the seeds already\ncells of communes without a real polygon: drawn already\n"
    )


def test_doctor_prints_one_line_per_check_and_exits_1_on_failure(run, url):
    run("units", "load")
    done = run("doctor")
    assert done.exit_code == 1  # the test cluster has fsync off
    lines = done.stdout.splitlines()
    assert "✓ Có khoá sinh mã (The key of the codes is there)" in lines
    (broken,) = [line for line in lines if line.startswith("✗")]
    assert broken.startswith("✗ Máy chủ ghi xuống đĩa những gì đã nhận: fsync")
    assert "fsync đang tắt: máy hỏng" in broken
    assert "(The server writes what it commits: fsync" in broken
    (worth,) = [line for line in lines if line.startswith("! Ranh giới là ranh giới thật")]
    assert "0 xã có ranh giới thật, 3.321 xã vẽ quanh trụ sở" in worth
    assert any(line.startswith("    → ") for line in lines)
    assert lines[-1].endswith("1 broken, 0 not checked)")


def test_doctor_as_json_without_a_database(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/x")
    done = CliRunner().invoke(diachiso, ["doctor", "--format", "json"])
    assert done.exit_code == 1
    states = {each["name"]: each["state"] for each in json.loads(done.stdout)}
    assert states["server_answers"] == "failure"
    assert states["seeds"] == "skipped"
