"""Wrong usage of the command line is reported in Vietnamese first, with English in brackets."""

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from geo.text import has_diacritics
from registry.core.settings import ROOT
from scripts import main
from scripts.main import diachiso


def commands(found: click.Command = diachiso, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and group, with its name."""
    yield " ".join(path), found
    if isinstance(found, click.Group):
        for name in found.list_commands(click.Context(found)):
            inner = found.get_command(click.Context(found), name)
            assert inner is not None
            yield from commands(inner, *path, name)


def error_of(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *argv: str,
    status: int = 2,
) -> str:
    """The stderr of a command line that ends with a status."""
    monkeypatch.setattr("sys.argv", ["diachiso", *argv])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == status
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["cover"], "Lỗi: Không có lệnh 'cover'."),
        (["coverage", "--zzzz"], "Lỗi: Không có tuỳ chọn '--zzzz'."),
        (
            ["import", "a.csv", "--json"],
            "Lỗi: không có tuỳ chọn --json, hãy viết --format json (there is no option --json,"
            " write --format json)",
        ),
        (
            ["import", "a.csv", "--sourc", "x"],
            "Lỗi: Không có tuỳ chọn '--sourc'. (Có phải một trong: '--source', '--strict'?)",
        ),
        (["geocode", "in.csv"], "Lỗi: Thiếu đối số 'OUT'."),
        (
            ["coverage", "--level", "quan"],
            "Lỗi: Giá trị của '--level' chưa đúng: 'quan' không thuộc 'province', 'commune',"
            " 'locality'.",
        ),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    line: str,
) -> None:
    usage, remedy, *_, last = error_of(monkeypatch, capsys, *argv).rstrip("\n").split("\n")
    assert usage.startswith("Cách dùng: diachiso")
    assert remedy.startswith("Xem thêm: diachiso")
    assert last == line


def test_group_without_a_command_lists_its_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "load" in error_of(monkeypatch, capsys, "units")


def test_help_of_every_command_and_option_begins_in_vietnamese() -> None:
    english = [
        (name, each)
        for name, command in commands()
        for each in (
            command.help,
            *(p.help for p in command.params if isinstance(p, click.Option)),
        )
        if not has_diacritics((each or "").partition(" (")[0])
    ]
    assert english == []


def test_help_shows_what_a_command_is_for() -> None:
    shown = CliRunner().invoke(diachiso, ["keys", "create", "--help"])
    assert shown.exit_code == 0
    assert "Cấp khoá cho NAME" in shown.output


def test_invalid_setting_is_reported_in_vietnamese_without_a_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db:geheim/x")
    output = error_of(monkeypatch, capsys, "doctor")
    assert "DATABASE_URL phải có dạng postgresql://" in output
    assert "geheim" not in output
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DIACHISO_LIMITS", "perhaps")
    assert "DIACHISO_LIMITS phải là on hoặc off" in error_of(monkeypatch, capsys, "doctor")


def test_unreachable_database_is_reported_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:geheim@127.0.0.1:1/x")
    monkeypatch.setenv("DIACHISO_LIMIT", "on")
    monkeypatch.setattr("sys.argv", ["diachiso", "keys", "list"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    ignored, told_why = capsys.readouterr().err.strip().split("\n")
    assert ignored.startswith("bỏ qua DIACHISO_LIMIT:")
    assert "không trả lời" in told_why
    assert "Connection refused" in told_why
    assert "geheim" not in told_why


def test_too_long_file_name_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = error_of(monkeypatch, capsys, "pack", "--unit", "00004", "--out", "x" * 300, status=1)
    assert output.endswith(": the file name is too long)\n")


def test_closed_output_is_not_an_error() -> None:
    command = [sys.executable, "-m", "scripts.main", "keys", "--help"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", [("keys", "revoke"), ("services", "remove", "--operator")])
def test_undecodable_argument_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (line,) = error_of(monkeypatch, capsys, *command, os.fsdecode(b"phu\xf2ng")).splitlines()
    assert "không phải UTF-8" in line
