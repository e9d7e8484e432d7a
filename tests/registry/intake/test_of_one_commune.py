"""Files of one commune that do not name it: the deliverer states it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import open_file
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import rows
from tests.support.thorough import gate_takes_first

pytestmark = pytest.mark.thorough

UNITS = "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id ORDER BY h.code"


@pytest.mark.gate
@pytest.mark.parametrize(
    "text",
    gate_takes_first(1, ["Số nhà,Đường\n5,Láng\n\n7,Láng\n", "Địa chỉ\n5 Láng\n\n7 Láng\n"]),
)
def test_all_rows_are_placed_in_the_commune(engine: Engine, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    options = ImportOptions("ubnd", commune="00004")
    result = import_file(engine, path, options, lambda _rows: None)
    assert (result.rows, result.new) == (2, 2)
    assert rows(engine, UNITS) == [("00004",), ("00004",)]
    unknown = ImportOptions("khác", commune="99999", dry_run=True)
    result = import_file(engine, path, unknown, lambda _rows: None)
    assert result.problems["commune_code_unknown"] == 2


def test_commune_column_is_never_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Số nhà,Đường,Phường\n5,Láng,Láng\n", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=r"cột xã \(Phường\).*\{\"Phường\": \"\"\}"):
        open_file(path, commune="00004")
    file = open_file(path, mapping={"Phường": ""}, commune="00004")
    assert file.columns.unknown == ("Phường",)
    # A column excluded by the mapping is not reported.
    assert file.unread == ()
    path.write_text("Địa chỉ,Số nhà\n5 Láng,5\n", encoding="utf-8")
    assert open_file(path).columns.joined == ()


@pytest.mark.parametrize(
    ("header", "mapping"),
    [("Phường cũ", {}), ("Phường", {"Phường": "former_commune"}), ("Mã phường cũ", {})],
)
def test_former_commune_column_gives_the_former_commune(
    engine: Engine, tmp_path: Path, header: str, mapping: dict[str, str]
) -> None:
    path = tmp_path / "a.csv"
    former = (
        ["20242", "20236", "20194"]
        if header.startswith("Mã")
        else ["Phước Ninh", "Hải Châu I", "Hòa Hiệp Bắc"]
    )
    path.write_text(
        f"Số nhà,Đường,{header}\n"
        + "".join(f"{n},Láng,{name}\n" for n, name in zip((5, 5, 7), former, strict=True)),
        encoding="utf-8",
    )
    options = ImportOptions("ubnd", commune="20242", mapping=mapping)
    result = import_file(engine, path, options, lambda _rows: None)
    assert result.new == 3
    # Former communes that did not become this commune are reported.
    assert result.problems["former_commune_differs"] == 1
    found = rows(
        engine,
        "SELECT u.code, f.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
        " LEFT JOIN admin_unit f ON f.id = h.former_unit_id ORDER BY 1, 2",
    )
    assert found == [("20242", "20236"), ("20242", "20242"), ("20242", None)]


def test_names_below_signatures_are_not_households(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Số nhà,Đường,Phường\n5,Láng,Láng\n,,NGƯỜI LẬP BIỂU\n,,Trần Văn Ba\n", encoding="utf-8"
    )
    options = ImportOptions("ubnd", commune="00004", mapping={"Phường": ""})
    result = import_file(engine, path, options, lambda _rows: None)
    assert (result.new, result.rejected, result.skipped) == (1, 0, 2)


def test_missing_commune_column_is_reported_with_the_option(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Số nhà,Đường\n5,Láng\n", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=r"thiếu cột.*--commune"):
        open_file(path)


def test_file_without_any_commune_is_reported_with_the_remedy(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Mã,Địa chỉ\n1,14 Láng\n2,16 Láng\n", encoding="utf-8")

    def notes_for(**options: str) -> list[str]:
        result = import_file(engine, path, ImportOptions("thử", **options), lambda _count: None)
        return [note for note in result.file_notes if "--commune MÃ" in str(note)]

    assert len(notes_for()) == 1
    assert notes_for(commune="00199") == []
