"""`diachiso demo`: a file, or the register."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from registry.core.errors import NotFoundError
from registry.core.settings import ROOT
from scripts.coverage import coverage
from scripts.demo import demo
from scripts.imports import import_

pytestmark = pytest.mark.thorough

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(demo, arguments)


@pytest.mark.gate
def test_csv_is_written_to_a_file_and_reported_on_stderr(run, tmp_path):
    file = tmp_path / "demo.csv"
    done = run("--households", "200", "--provinces", "01, 79", "--csv", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "200 demo households written\n"
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 200
    assert {row["demo"] for row in rows} == {"yes"}


def test_csv_on_stdout_is_reproducible(run):
    first, again = (run("--households", "50", "--csv", "-") for _ in range(2))
    assert len(list(csv.reader(io.StringIO(first.stdout)))) == 51
    assert first.stdout == again.stdout
    assert first.stdout != run("--households", "50", "--seed", "2", "--csv", "-").stdout


def test_full_disk_is_one_line(database_url):
    done = subprocess.run(
        [sys.executable, "-m", "scripts.main", "demo", "--csv", "/dev/full", "--households", "10"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("the disk is full)")


@pytest.mark.parametrize("arguments", [("--households", "0"), ("--seed", "one")])
def test_wrong_usage_is_status_2(run, arguments):
    assert run(*arguments).exit_code == 2


def test_province_of_an_old_map_is_refused(run):
    done = run("--provinces", "02", "--csv", "-")
    assert isinstance(done.exception, NotFoundError)


def test_without_csv_the_demo_is_loaded_into_the_register(fresh_database, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", fresh_database())
    tried = CliRunner().invoke(demo, ["--households", "120", "--dry-run"])
    assert tried.stdout.startswith("dry run, nothing was changed: 120 demo households new")
    loaded = CliRunner().invoke(demo, ["--households", "120", "--format", "json"])
    assert loaded.exit_code == 0
    assert json.loads(loaded.stdout)["new"] == 120

    counted = CliRunner().invoke(coverage, ["--format", "json"])
    with_demo = CliRunner().invoke(coverage, ["--format", "json", "--demo"])

    assert json.loads(counted.stdout)["total"]["dwellings"] == 0
    assert json.loads(with_demo.stdout)["total"]["dwellings"] == 120


def test_register_with_households_is_left_unchanged_with_the_option(fresh_database, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", fresh_database())
    assert CliRunner().invoke(demo, ["--households", "60", "--if-empty"]).exit_code == 0

    again = CliRunner().invoke(demo, ["--households", "80", "--if-empty"])

    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "the register holds households already; it is left as it is\n"


def test_demo_source_name_is_refused_for_imports(fresh_database, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", fresh_database())
    file = tmp_path / "real.csv"
    file.write_text("house_number,street,commune_code\n5,Quán Thánh,00004\n")
    assert CliRunner().invoke(import_, [str(file), "--source", "Demo"]).exit_code == 2
