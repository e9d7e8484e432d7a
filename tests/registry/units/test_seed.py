"""The committed seed files: invariants, counts, and agreement with independent lists."""

import csv
import gzip
import itertools
import json
import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geo.admin import KIND_NAMES
from scripts.seed.names import key, same_writing
from scripts.seed_units import main

ROOT = Path(__file__).resolve().parents[3]
SEED = ROOT / "registry" / "seed"
FILES = (
    "units.csv",
    "unit_versions.csv",
    "unit_successions.csv",
    "unit_aliases.csv",
    "targets.csv",
)

EARLIER = "2024-12-31"
FORMER = "2025-06-30"
REFORM = "2025-07-01"
TODAY = "2026-11-24"
NEVER, FOREVER = "0000", "9999"

# The two lists of official codes that name one commune each.
OTHER_CODES = {"06978": "06970", "23737": "23938"}

Row = dict[str, str]
Identity = tuple[str, str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def identity(row: Row) -> Identity:
    return row["level"], row["code"], row["born"]


def span(row: Row, start: str = "valid_from", end: str = "valid_to") -> tuple[str, str]:
    return row[start] or NEVER, row[end] or FOREVER


def full_name(row: Row) -> str:
    return f"{KIND_NAMES[row['kind']]} {row['name']}"


@pytest.fixture(scope="module")
def units() -> list[Row]:
    return read(SEED / "units.csv")


@pytest.fixture(scope="module")
def versions() -> list[Row]:
    return read(SEED / "unit_versions.csv")


@pytest.fixture(scope="module")
def successions() -> list[Row]:
    return read(SEED / "unit_successions.csv")


@pytest.fixture(scope="module")
def aliases() -> list[Row]:
    return read(SEED / "unit_aliases.csv")


@pytest.fixture(scope="module")
def lives(units: list[Row]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return the lifetimes of the identities of each level and code, in order."""
    spans = defaultdict(list)
    for unit in units:
        spans[unit["level"], unit["code"]].append(span(unit, "born", "ended"))
    return {code: sorted(lifetimes) for code, lifetimes in spans.items()}


def on(rows: list[Row], day: str, start: str = "valid_from", end: str = "valid_to") -> list[Row]:
    return [row for row in rows if span(row, start, end)[0] <= day < span(row, start, end)[1]]


def is_alive(lifetimes: list[tuple[str, str]], start: str, end: str) -> bool:
    return any(born <= start and end <= ended for born, ended in lifetimes)


class TestUnits:
    def test_identities_are_unique(self, units):
        assert max(Counter(identity(unit) for unit in units).values()) == 1

    def test_code_means_one_unit_on_any_day(self, lives):
        for lifetimes in lives.values():
            for (_, ended), (born, _) in itertools.pairwise(lifetimes):
                assert ended <= born

    def test_lifetimes_are_not_empty(self, units):
        assert all(
            span(unit, "born", "ended")[0] < span(unit, "born", "ended")[1] for unit in units
        )

    @pytest.mark.parametrize(
        ("day", "provinces", "districts", "communes"),
        [
            (EARLIER, 63, 705, 10597),
            (FORMER, 63, 696, 10035),
            (REFORM, 34, 0, 3321),
            (TODAY, 34, 0, 3321),
        ],
    )
    def test_unit_counts_match_the_official_figures(
        self, units, day, provinces, districts, communes
    ):
        count = Counter(unit["level"] for unit in on(units, day, "born", "ended"))
        assert (count["province"], count["district"], count["commune"]) == (
            provinces,
            districts,
            communes,
        )

    def test_reused_codes_are_two_identities(self, units, versions):
        names = [(row["born"], row["name"]) for row in versions if row["code"] == "00004"]
        assert names == [("", "Trúc Bạch"), (REFORM, "Ba Đình")]

    def test_seats_lie_in_the_country(self, units):
        for unit in units:
            assert bool(unit["lon"]) == bool(unit["lat"])
            if unit["lon"]:
                assert 102 < float(unit["lon"]) < 115
                assert 7 < float(unit["lat"]) < 23.5

    def test_every_living_commune_has_a_seat_and_nearly_all_an_area(self, units):
        living = [unit for unit in units if unit["level"] == "commune" and not unit["ended"]]
        assert all(unit["lon"] for unit in living)
        assert all(float(unit["area_km2"]) > 0 for unit in living if unit["area_km2"])
        assert [unit["code"] for unit in living if not unit["area_km2"]] == [
            "06187",
            "19147",
            "19159",
            "28435",
        ]


class TestVersions:
    def test_versions_tile_the_lifetime(self, units, versions):
        by_unit = defaultdict(list)
        for row in versions:
            by_unit[identity(row)].append(span(row))
        assert set(by_unit) == {identity(unit) for unit in units}
        for unit in units:
            spans = sorted(by_unit[identity(unit)])
            born, ended = span(unit, "born", "ended")
            assert (spans[0][0], spans[-1][1]) == (born, ended)
            assert all(one[1] == two[0] for one, two in itertools.pairwise(spans))

    def test_neighbouring_versions_differ(self, versions):
        before: dict[Identity, Row] = {}
        columns = ("kind", "name", "province_code", "district_code")
        for row in sorted(versions, key=lambda row: (identity(row), row["valid_from"])):
            earlier = before.get(identity(row))
            # Only the identity behind an equal parent code may have changed.
            if earlier and all(earlier[column] == row[column] for column in columns):
                assert row["district_code"] in {"219", "474"}
            before[identity(row)] = row

    @pytest.mark.parametrize("level", ["province", "district"])
    def test_parents_live_throughout_the_version(self, versions, lives, level):
        for row in versions:
            if parent := row[f"{level}_code"]:
                assert is_alive(lives[level, parent], *span(row)), row

    def test_parents_are_given_where_the_map_had_them(self, versions):
        for row in versions:
            assert bool(row["province_code"]) == (row["level"] != "province")
            has_district = row["level"] == "commune" and span(row)[0] < REFORM
            assert bool(row["district_code"]) == has_district

    def test_kinds_fit_their_level(self, versions):
        kinds = {
            "province": {"tinh", "thanh_pho"},
            "district": {"quan", "huyen", "thi_xa", "thanh_pho"},
            "commune": {"xa", "phuong", "thi_tran", "dac_khu"},
        }
        assert all(row["kind"] in kinds[row["level"]] for row in versions)

    def test_date_basis_is_stated(self, versions):
        assert {row["date_basis"] for row in versions} == {"effective", "approximate"}
        for row in versions:
            if row["valid_from"] == "2025-01-01":
                assert row["date_basis"] == "approximate"
            if row["valid_from"] == REFORM:
                assert row["date_basis"] == "effective"

    def test_names_are_nfc_and_english_names_ascii(self, versions):
        for row in versions:
            assert row["name"] == unicodedata.normalize("NFC", row["name"]).strip()
            assert row["name_en"].isascii()

    def test_current_names_are_unique_in_their_province(self, versions):
        current = [row for row in on(versions, TODAY) if row["level"] == "commune"]
        names = Counter((row["province_code"], full_name(row)) for row in current)
        assert max(names.values()) == 1

    @pytest.mark.parametrize("day", [EARLIER, FORMER])
    def test_former_names_are_unique_in_their_district(self, versions, day):
        former = [row for row in on(versions, day) if row["level"] == "commune"]
        names = Counter((row["district_code"], full_name(row)) for row in former)
        assert max(names.values()) == 1

    def test_current_names_with_digits_are_37(self, versions):
        current = [row for row in on(versions, TODAY) if row["level"] == "commune"]
        assert sum(any(char.isdigit() for char in row["name"]) for row in current) == 37

    def test_changes_of_2026_are_included(self, versions):
        changed = Counter(
            (row["level"], row["kind"], row["valid_from"])
            for row in versions
            if row["valid_from"] > REFORM
        )
        assert changed == {
            ("province", "thanh_pho", "2026-04-30"): 1,
            ("commune", "phuong", "2026-04-30"): 10,
            ("province", "thanh_pho", "2026-09-01"): 1,
            ("province", "thanh_pho", "2026-09-20"): 1,
            ("commune", "phuong", "2026-09-20"): 12,
        }


class TestSuccessions:
    def test_successions_link_units_existing_on_their_day(self, units, successions):
        by_identity = {identity(unit): unit for unit in units}
        for row in successions:
            pred = by_identity[row["pred_level"], row["pred_code"], row["pred_born"]]
            succ = by_identity[row["succ_level"], row["succ_code"], row["succ_born"]]
            assert pred["ended"] == row["effective_on"]
            born, ended = span(succ, "born", "ended")
            assert born <= row["effective_on"] < ended

    def test_units_ended_in_the_reform_have_a_successor(self, units, successions):
        preds = {(row["pred_level"], row["pred_code"], row["pred_born"]) for row in successions}
        for unit in units:
            if unit["ended"] == REFORM and unit["level"] != "district":
                assert identity(unit) in preds

    def test_units_ended_earlier_have_a_successor_except_one(self, units, successions):
        preds = {(row["pred_level"], row["pred_code"], row["pred_born"]) for row in successions}
        ended = {identity(unit) for unit in units if unit["ended"] == "2025-01-01"}
        assert ended - preds == {("commune", "28825", "")}

    def test_full_succession_has_exactly_one_successor(self, successions):
        extents = defaultdict(list)
        for row in successions:
            pred = row["pred_level"], row["pred_code"], row["pred_born"]
            extents[pred].append(row["extent"])
        for found in extents.values():
            assert found == ["full"] or (set(found) == {"partial"} and len(found) > 1)

    def test_every_new_unit_has_a_predecessor(self, units, successions):
        succs = {(row["succ_level"], row["succ_code"], row["succ_born"]) for row in successions}
        orphans = {identity(unit) for unit in units if unit["born"]} - succs
        # Three wards of Mộc Châu: the wheels do not list their predecessors.
        assert orphans == {("commune", code, "2025-01-01") for code in ("03980", "03983", "03984")}

    def test_rows_are_unique(self, successions):
        assert max(Counter(tuple(row.values()) for row in successions).values()) == 1


class TestAliases:
    def test_aliases_are_unique_per_unit_and_differ_from_its_name(self, aliases, versions):
        names = defaultdict(set)
        for row in versions:
            names[identity(row)] |= {row["name"], full_name(row)}
        assert max(Counter((*identity(row), row["alias"]) for row in aliases).values()) == 1
        assert all(row["alias"] not in names[identity(row)] for row in aliases)

    def test_aliases_belong_to_units(self, aliases, units):
        assert {identity(row) for row in aliases} <= {identity(unit) for unit in units}
        kinds = {"name", "code", "abbreviation", "english", "former"}
        assert {row["kind"] for row in aliases} == kinds

    def test_other_codes_match_no_current_unit(self, aliases, lives):
        codes = [row["alias"] for row in aliases if row["kind"] == "code"]
        assert sorted(codes) == ["06978", "23737"]
        # 23737 was Ia Mơ Nông until the reform.
        assert not any(
            is_alive(lives.get(("commune", code), []), REFORM, FOREVER) for code in codes
        )

    def test_no_alias_is_just_a_name_without_diacritics(self, aliases, versions):
        folded = defaultdict(set)
        for row in versions:
            folded[identity(row)].add(row["name_en"])
        assert not [row for row in aliases if row["alias"] in folded[identity(row)]]


def test_targets_cover_the_provinces_and_sum_to_the_census(versions):
    targets = read(SEED / "targets.csv")
    provinces = {row["code"] for row in on(versions, TODAY) if row["level"] == "province"}
    assert {row["province_code"] for row in targets} == provinces
    # Shares rounded per province.
    assert abs(sum(int(row["households"]) for row in targets) - 28_146_939) < 34


def test_files_are_utf8_with_lf_line_ends():
    for name in FILES:
        content = (SEED / name).read_bytes()
        content.decode("utf-8")
        assert b"\r" not in content
        assert content.endswith(b"\n")


class TestAgainstShared:
    """An independent list, for checking only; it writes `hoà` where the wheels write `hòa`."""

    def test_current_names_agree_with_the_shared_data(self, versions, shared_data):
        expected = {row["code"]: row for row in read(shared_data / "units_current.csv")}
        changes = {row["code"]: row for row in read(shared_data / "unit_changes_after_2026-04.csv")}
        current = {row["code"]: row for row in on(versions, TODAY)}
        listed = {OTHER_CODES.get(code, code): code for code in expected}
        assert set(current) == set(listed)
        for code, row in current.items():
            other = expected[listed[code]]
            name = changes[code]["new_full_name"] if code in changes else other["full_name"]
            assert same_writing(full_name(row), name), (code, name)
            if row["level"] == "commune":
                assert row["province_code"] == other["province_code"]

    def test_changes_after_the_list_take_effect_on_its_days(self, versions, shared_data):
        changes = read(shared_data / "unit_changes_after_2026-04.csv")
        expected = {row["code"]: row["effective_on"] for row in changes}
        starts = {row["code"]: row["valid_from"] for row in on(versions, TODAY)}
        assert {code: starts[code] for code in expected} == expected

    def test_former_units_agree_with_the_shared_data(self, versions, aliases, shared_data):
        expected = {
            row["commune_code"]: row for row in read(shared_data / "units_before_2025-07.csv")
        }
        former = on(versions, FORMER)
        communes = {row["code"]: row for row in former if row["level"] == "commune"}
        assert set(communes) == set(expected)
        known = defaultdict(set)
        for row in aliases:
            known[row["code"]].add(row["alias"])
        disagreeing = []
        for code, row in communes.items():
            other = expected[code]
            assert row["district_code"] == other["district_code"]
            assert row["province_code"] == other["province_code"]
            spellings = {row["name"], *known[code]}
            kind = KIND_NAMES[row["kind"]]
            if not any(same_writing(f"{kind} {name}", other["commune"]) for name in spellings):
                disagreeing.append((code, full_name(row), other["commune"]))
        # Spellings that fold to ours, and Hưng Yên Nam: see registry/seed/README.md.
        assert len(disagreeing) == 7, disagreeing

    def test_successions_agree_with_the_shared_data(self, successions, units, shared_data):
        expected: dict[str, set[str]] = defaultdict(set)
        for row in read(shared_data / "unit_succession_2025-07.csv"):
            new = row["new_commune_code"]
            expected[row["old_commune_code"]].add(OTHER_CODES.get(new, new))
        found: dict[str, set[str]] = defaultdict(set)
        for row in successions:
            if row["effective_on"] == REFORM and row["succ_level"] == "commune":
                found[row["pred_code"]].add(row["succ_code"])
        for unit in units:
            if (
                unit["level"] == "commune"
                and (unit["born"] or NEVER) < REFORM
                and not unit["ended"]
            ):
                found[unit["code"]].add(unit["code"])
        shared = set(found) & set(expected)
        assert len(shared) == 10040
        # Where they differ the other list joined communes by name across districts; the notes
        # of the official catalogue confirm ours. See registry/seed/README.md.
        assert sum(found[code] != expected[code] for code in shared) == 24

    def test_postcodes_agree_with_the_shared_data(self, units, shared_data):
        living = {identity(unit) for unit in units if not unit["ended"]}
        found = {
            row["code"]: row["value"]
            for row in read(SEED / "unit_identifiers.csv")
            if row["scheme"] == "postcode" and identity(row) in living
        }
        assert found == {
            OTHER_CODES.get(row["commune_code"], row["commune_code"]): row["postcode"]
            for row in read(shared_data / "postcodes.csv")
        }

    @pytest.mark.thorough
    def test_seats_lie_in_their_communes(self, units, shared_data):
        seats = {
            unit["code"]: (float(unit["lon"]), float(unit["lat"]))
            for unit in units
            if unit["level"] == "commune" and not unit["ended"]
        }
        outside = 0
        for code, polygon in boundaries(shared_data / "commune_boundaries.geojson.gz"):
            point = shapely.Point(*seats[OTHER_CODES.get(code, code)])
            outside += not polygon.contains(point)
        assert outside <= 30


def boundaries(path: Path) -> Iterator[tuple[str, BaseGeometry]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for feature in json.load(file)["features"]:
            yield feature["properties"]["code"], shapely.make_valid(shape(feature["geometry"]))


def test_second_run_from_the_wheels_changes_nothing(tmp_path):
    wheels = os.environ.get("DIACHISO_SEED_WHEELS")
    if not wheels:
        pytest.skip("DIACHISO_SEED_WHEELS does not name a folder with the three wheels")
    result = CliRunner().invoke(main, ["--wheels", wheels, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (SEED / name).read_bytes(), name


def test_changed_wheel_is_refused(tmp_path):
    (tmp_path / "vietnamadminunits-1.0.4-py3-none-any.whl").write_bytes(b"something else")
    result = CliRunner().invoke(main, ["--wheels", str(tmp_path), "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "SHA-256" in result.output


def test_keys_fold_names_like_the_wheels():
    assert key("Xã Ea M’Droh") == "xaeamdroh"
