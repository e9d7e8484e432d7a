"""`diachiso paper`: files and messages."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from geo.code import format as code_display
from registry.core.errors import UnreadableFileError
from tests.support.commands import call
from tests.support.lifecycle import COMMUNE, LANG, Town, town
from tests.support.pdf import qr_codes_of, texts_of

SITE = "https://diachiso.example.vn"
STREET = ("--commune", COMMUNE, "--street", "Phố Láng")


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"paper_command_{worker_id}") as made:
        yield made


@pytest.fixture(autouse=True)
def register(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", place.url)
    monkeypatch.setenv("DIACHISO_PUBLIC_URL", SITE)


def test_every_paper_is_written(place: Town, tmp_path: Path) -> None:
    code = place.house("27", **LANG)
    numbers = tmp_path / "so.csv"
    numbers.write_text("số cũ,số mới\n27,29\n", encoding="utf-8")
    papers = {
        "bien": ("plates", *STREET, "--size", "90x55", "--sheet", "roll"),
        "danh-sach": ("list", "--codes", code, "--purpose", "field"),
        "giay": ("certificate", code, "--document-number", "15"),
        "quyet-dinh": ("decision", "renumber-street", *STREET, "--numbers", numbers),
        "viec-da-lam": (
            *(
                "decision",
                "--event",
                place.do("name-street", commune=COMMUNE, street="Mới").event_id,
            ),
            *("--number", "7", "--day", "3/2/2026", "--ground", "Căn cứ đề án;"),
        ),
    }
    done = {
        name: call("paper", *words, "--out", tmp_path / f"{name}.pdf")
        for name, words in papers.items()
    }
    read = {name: (tmp_path / f"{name}.pdf").read_bytes() for name in papers}
    assert qr_codes_of(read["bien"]) == [f"{SITE}/a/{code_display(code)}"]
    assert f"1 27 {code_display(code)}" not in texts_of(read["danh-sach"])[0]
    assert f"1 27 29 {code_display(code)}" in texts_of(read["quyet-dinh"])[1]
    assert "ngày 03 tháng 02 năm 2026" in texts_of(read["viec-da-lam"])[0]
    assert "Căn cứ đề án;" in texts_of(read["viec-da-lam"])[0]
    number = done["giay"].stdout.strip()
    assert call("paper", "certificate", "--verify", number).return_value == 0
    call("paper", "certificate", "--revoke", number, "--reason", "in sai")
    ended = call("paper", "certificate", "--verify", number)
    assert (ended.return_value, "đã thu hồi" in ended.stdout) == (1, True)


def test_no_file_is_overwritten_and_no_paper_issued_in_vain(place: Town, tmp_path: Path) -> None:
    place.street("Phố Trống")
    code = place.house("31", "Phố Trống", **LANG)
    there = tmp_path / "giay.pdf"
    there.touch()
    for out in (there, tmp_path / "missing" / "giay.pdf"):
        refused = call("paper", "certificate", code, "--out", out)
        assert isinstance(refused.exception, click.UsageError)
    full = call("paper", "certificate", code, "--out", "/dev/full")
    assert isinstance(full.exception, UnreadableFileError)
    assert place.rows("SELECT 1 FROM certificate WHERE code = :code", code=code) == []
    call("paper", "certificate", code, "--out", there, "--force")
    assert there.stat().st_size > 10_000


@pytest.mark.parametrize(
    "words",
    [
        ("plates",),
        ("plates", *STREET, "--codes", "1H6X-XH2V"),
        ("certificate",),
        ("certificate", "--revoke", "GXN-4K7M-29TR-0R"),
        ("decision",),
        ("decision", "name-street"),
        ("decision", "retire"),
    ],
)
def test_wrong_usage_is_reported(words: tuple[str, ...]) -> None:
    assert isinstance(call("paper", *words).exception, click.UsageError)
