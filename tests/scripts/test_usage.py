"""A wrong use of the command line is told in Vietnamese first, with English in brackets."""

import click
import pytest
from click.testing import CliRunner

from geo.text import has_diacritics
from scripts import main
from scripts.main import diachiso

# Commands that a clerk uses, as far as their first line is ours to write.
CLERKS = ["import", "coverage", "units", "lookup", "geocode", "reverse", "validate", "history"]


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """What stands on stderr when the command line ends with status 2."""
    monkeypatch.setattr("sys.argv", ["diachiso", *argv])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["cover"], "Lỗi (error): không có lệnh 'cover' (No such command 'cover')"),
        (
            ["coverage", "--bogus"],
            "Lỗi (error): không có tuỳ chọn '--bogus' (No such option '--bogus')",
        ),
        (["geocode", "in.csv"], "Lỗi (error): thiếu 'OUT' (Missing argument 'OUT')"),
        (
            ["coverage", "--level", "quan"],
            "Lỗi (error): giá trị của '--level' chưa đúng (Invalid value for '--level': 'quan' is"
            " not one of 'province', 'commune')",
        ),
    ],
)
def test_wrong_usage_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    line: str,
) -> None:
    usage, remedy, *_, last = told(monkeypatch, capsys, *argv).rstrip("\n").split("\n")
    assert usage.startswith("Cách dùng (usage): diachiso")
    assert remedy.startswith("Xem thêm (help): diachiso")
    assert last == line


def test_group_without_a_command_tells_its_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "load" in told(monkeypatch, capsys, "units")


@pytest.mark.parametrize("name", CLERKS)
def test_help_of_a_clerks_command_begins_in_vietnamese(name: str) -> None:
    command = diachiso.get_command(click.Context(diachiso), name)
    assert command is not None
    first = (command.help or "").strip().partition("\n")[0]
    assert has_diacritics(first.partition(" (")[0])
    shown = CliRunner().invoke(diachiso, [name, "--help"])
    assert shown.exit_code == 0
    assert first.split(" (")[0] in shown.output
