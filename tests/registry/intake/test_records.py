"""Records in JSON: each object a row, however a program writes a list of them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.core.errors import UnreadableFileError
from registry.files.formats import records
from registry.intake.columns.reader import SourceFile, cells_of, open_file, rows_of
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import rows

FIELDS = ("house_number", "street", "commune_code", "longitude", "latitude")
ONE = {"so_nha": "12", "duong": "Láng", "ma_xa": "00199"}
OTHER = {"ma_xa": "00199", "so_nha": 14, "duong": "Láng"}
READ = [("12", "Láng", "00199", "", ""), ("14", "Láng", "00199", "", "")]


def opened(path: Path, content: str | bytes) -> SourceFile:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_file(path)


def read(file: SourceFile) -> list[tuple[str, ...]]:
    with rows_of(file) as found:
        return list(map(cells_of(file, FIELDS), found))


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([ONE, OTHER]),
        json.dumps([ONE, OTHER], indent=2, ensure_ascii=False),
        f"\ufeff{json.dumps([ONE, OTHER])}\r\n",
        f"{json.dumps(ONE)}\n{json.dumps(OTHER)}\n",
        f"{json.dumps(ONE)}\r\n\r\n{json.dumps(OTHER)}",
        json.dumps({"status": "ok", "count": 2, "page": {"next": None}, "data": [ONE, OTHER]}),
        json.dumps({"data": {"total": 2, "items": [ONE, OTHER]}}),
        json.dumps({name: [ONE[name], OTHER[name]] for name in ONE}),
        json.dumps({name: {"0": ONE[name], "1": OTHER[name]} for name in ONE}),
    ],
)
def test_lists_of_records_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    assert read(opened(tmp_path / "a.json", content)) == READ
    # However the blocks fall in which the file is read.
    monkeypatch.setattr(records, "_BLOCK", 3)
    assert read(opened(tmp_path / "a.json", content)) == READ


def test_numbers_are_kept_as_written_and_nested_members_named_by_path(tmp_path: Path) -> None:
    file = opened(
        tmp_path / "a.json",
        '[{"nha": {"so_nha": "1", "duong": "Láng"}, "ma_xa": "00199", "ho_so": null,'
        ' "kinh_do": 105.80600, "vi_do": 21.0211, "thanh_vien": [{"ten": "Zuyên"}]},'
        ' {"nha": {"so_nha": "2"}, "gps": [105.8060, 21.0211]}]',
    )
    assert file.headers[:2] == ("nha/so_nha", "nha/duong")
    assert read(file)[0] == ("1", "Láng", "00199", "105.80600", "21.0211")
    assert any("thanh_vien" in str(note) for note in file.notes)
    assert "Zuyên" not in "".join((*file.headers, *map(str, file.notes)))


def test_point_may_be_a_pair_of_numbers(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([ONE | {"location": {"coordinates": [105.806, 21.0211]}}]))
    assert import_file(engine, path, ImportOptions("x"), lambda _n: None).new == 1
    assert rows(engine, "SELECT ST_X(point), ST_Y(point) FROM household") == [(105.806, 21.0211)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (json.dumps([ONE, OTHER])[:-20], "hỏng hoặc chưa tải hết ở bản ghi 2"),
        (json.dumps([ONE, OTHER])[:-1], "hỏng hoặc chưa tải hết ở bản ghi 3"),
        (json.dumps([ONE]) + "\n[1]", "còn nội dung khác"),
        ('[{"so_nha": "1", "so_nha": "2"}]', "hai trường cùng tên 'so_nha'"),
        (json.dumps([ONE, 5]), "không phải danh sách bản ghi"),
        ('{"a": {"b": ' * 50_000, "hỏng hoặc chưa tải hết"),
        (json.dumps({"a": [ONE], "b": [OTHER]}), "không phải danh sách bản ghi"),
        (b'[{"duong": "L\xe1ng"}]', "không phải UTF-8"),
    ],
)
def test_json_that_is_not_a_list_of_records_is_reported(
    tmp_path: Path, content: str | bytes, expected: str
) -> None:
    with pytest.raises(UnreadableFileError, match=expected) as caught:
        opened(tmp_path / "a.json", content)
    assert "\n" not in caught.value.detail
