"""A resolution is carried as a whole: codes stay, old and new wordings lead to the doors."""

from registry.reform.report import report_lines
from tests.registry.reform.conftest import Hall

LANG, BEN_THANH = "00199", "26743"
MERGED = """\
changes:
  - merge:
      units: ["00199", "00190"]
      into: {code: "00199", name: Láng Mới, kind: phuong}
  - rename: {unit: "26743", name: Bến Thành Mới}
"""


def test_merge_and_rename(hall: Hall) -> None:
    town = hall.town
    town.street("Phố Chùa", commune="00190")
    code = town.house("27")
    other = town.house("27", "Phố Chùa", commune="00190")
    before = town.record(code)

    report = hall.carry(MERGED, dry_run=True)
    assert report.state == "dry_run"
    assert [share.code for unit in report.units for share in unit.to] == ["00199", "00199"]
    assert town.record(code) == before

    report = hall.carry(MERGED)
    assert report.state == "carried"
    assert town.record(code).unit_id == town.record(other).unit_id != before.unit_id


def test_dry_run_names_the_successor_of_a_unit_without_doors(hall: Hall) -> None:
    report = hall.carry(MERGED, dry_run=True)
    assert {(unit.code, share.code) for unit in report.units for share in unit.to} == {
        ("00190", "00199"),
        ("00199", "00199"),
    }
    assert "    → 00199 Phường Láng Mới: 0 mã" in report_lines(report)
