"""One record by its code: found, retired, reserved, mistyped, malformed."""

import pytest

from geo import code as codes
from registry.core.errors import GoneError, InvalidInputError, MistypedCodeError, NotFoundError
from registry.records.lookup import lookup
from tests.support.search_world import World


@pytest.mark.parametrize(
    "write",
    [str, str.lower, codes.format, codes.spoken, lambda c: f" {c[:4]} – {c[4:]} ", "Mã: {}".format],
)
def test_code_is_found_in_any_notation(world: World, write) -> None:  # type: ignore[no-untyped-def]
    code = world.codes["12/34/5A Láng"]
    record = lookup(world.reads, write(code))
    assert (record.code, record.house_number_key, record.street_name) == (code, "12/34/5A", "Láng")


def test_localities_are_returned_with_their_containing_places(world: World) -> None:
    record = lookup(world.reads, world.codes["6 Tổ 7 Khu phố 2"])
    assert record.localities == (("tổ", "7"), ("khu phố", "2"))


def test_retired_code_leads_to_its_successor_through_every_step(world: World) -> None:
    for name in ("40 retired", "40A retired"):
        with pytest.raises(GoneError) as raised:
            lookup(world.reads, world.codes[name])
        found = [item["code"] for item in raised.value.extra["successors"]]  # type: ignore[attr-defined]
        assert found == [world.codes["40B"]]
    with pytest.raises(GoneError) as raised:
        lookup(world.reads, world.codes["60 gone"])
    assert raised.value.extra["successors"] == []


def test_reserved_and_unknown_codes_are_not_found(world: World) -> None:
    for code in (world.codes["reserved"], codes.from_serial(codes.PAYLOAD_END - 1)):
        with pytest.raises(NotFoundError) as raised:
            lookup(world.reads, code)
        assert raised.value.code == "not_found"


def swapped(code: str) -> str:
    at = next(i for i in range(7) if code[i] != code[i + 1])
    return code[:at] + code[at + 1] + code[at] + code[at + 2 :]


def test_mistyped_code_suggests_registered_ones_only(world: World) -> None:
    code = world.codes["27 Láng"]
    for text in (swapped(code), code[:3] + code[4:]):
        with pytest.raises(MistypedCodeError) as raised:
            lookup(world.reads, text)
        found = [item["code"] for item in raised.value.extra["suggestions"]]  # type: ignore[attr-defined]
        assert code in found
        assert len(found) <= 3
        assert set(found) <= set(world.codes.values())


@pytest.mark.parametrize("name", ["50 restricted", "60 gone", "reserved"])
def test_suggestions_never_name_restricted_records(world: World, name: str) -> None:
    with pytest.raises(MistypedCodeError) as raised:
        lookup(world.reads, swapped(world.codes[name]))
    found = [item["code"] for item in raised.value.extra["suggestions"]]  # type: ignore[attr-defined]
    assert world.codes[name] not in found


def test_restricted_record_is_found_by_its_own_code(world: World) -> None:
    assert lookup(world.reads, world.codes["50 restricted"]).restricted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "code_wrong_length"),
        ("12", "code_wrong_length"),
        ("x" * 500, "code_wrong_length"),
        ("1H6X-XH2!", "code_foreign_symbol"),
        ("nguyễn trãi", "code_foreign_symbol"),
        ("\0\0\0\0\0\0\0\0", "code_foreign_symbol"),
    ],
)
def test_malformed_code_is_refused_with_the_reason(world: World, text: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        lookup(world.reads, text)
    assert raised.value.extra["errors"][0]["code"] in (code, "code_wrong_length")  # type: ignore[index]
