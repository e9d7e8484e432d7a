"""Verdicts on addresses asked of a small register: a code only when it is certain."""

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import code as codes
from registry.access import budget
from registry.access.budget import Budget, Purse
from registry.search.disclosure import disclose_validation
from registry.search.faults import FAULTS
from registry.search.faults import VERDICTS as FAULT_VERDICTS
from registry.search.geocode import Components, Question, geocode
from registry.search.judge.questions import QUESTIONS
from registry.search.judge.verdicts import (
    COMPONENTS,
    NEXT_ACTIONS,
    STATUSES,
    VERDICTS,
    Validation,
)
from registry.search.validate import validate
from tests.support.factories import swapped
from tests.support.search_world import LANG, World
from tests.support.thorough import examples, gate_takes_first
from tests.support.vectors import Row, cases, read_vectors


def ask(world: World, text: str) -> Validation:
    return validate(world.gazetteer, world.reads, Question(text))


def bare(text: str) -> str:
    """The text as typed in a hurry."""
    marks = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in marks if not unicodedata.combining(sign))


IN_LANG = ", Phường Láng, Hà Nội"
# text → verdict, next action, the door of the code, the question
ASKED = read_vectors("validated")


@pytest.mark.parametrize("row", cases("validated"))
def test_address_gets_the_expected_verdict(world: World, row: Row) -> None:
    found = ask(world, row["text"])
    assert (found.verdict, found.next_action) == (row["verdict"], row["action"])
    assert (world.name_of(found.code) or "") == row["door"]
    assert (found.question.code if found.question else "") == row["question"]
    asks = found.question is not None and bool(found.question.choices)
    assert asks == (row["action"] == "ask_choice")


@pytest.mark.parametrize("street", ["Láng", "đường Láng"])
def test_exchanged_street_and_ward_are_offered_beside_what_is_written(
    world: World, street: str
) -> None:
    found = ask(world, f"5 {street}, P. Quang Trung, Hà Nội")
    assert found.question
    offered = [world.name_of(each.code) for each in found.question.choices]
    assert offered[0] == "5 Quang Trung"
    assert None in offered


VECTORS = [row["text"] for row in read_vectors("addresses")][:: examples(4, 1)]
HARMLESS = {"accept", "correct"}


def test_verdict_follows_from_the_faults_of_the_search(world: World) -> None:
    """One text, one opinion: the answers alone contain what a shopper is asked."""
    verdicts = Counter()
    shown = [f"{codes.format(world.codes['27 Láng'])}, {rest}" for rest in ("Hà Nội", "Quận 1")]
    for text in [*(row["text"] for row in ASKED), *VECTORS, *shown, "21.02110, 105.80600"]:
        judged = ask(world, text)
        found = geocode(world.gazetteer, world.reads, Question(text))
        verdicts[judged.verdict] += 1
        if judged.verdict == "reject" or not found:
            assert judged.code is None, text
            continue
        first = found[0]
        door = first.record is not None and "flat_not_found" not in first.faults
        made = {FAULTS[fault].verdict_on(door=door) for fault in first.faults}
        if judged.verdict in HARMLESS:
            assert (first.record and first.record.code) == judged.code, text
            assert first.confidence >= 0.8, text
            assert made <= HARMLESS, text
        else:
            assert made - HARMLESS, text
            assert judged.verdict != "confirm" or first.confidence < 1, text
    assert min(verdicts[verdict] for verdict in VERDICTS) >= examples(3, 10), verdicts


def test_every_fault_has_a_verdict_and_a_matching_question() -> None:
    for fault in FAULTS.values():
        assert fault.verdict in FAULT_VERDICTS, fault
        asks = fault.verdict in ("confirm", "complete")
        assert (fault.question in QUESTIONS) if asks else not fault.question, fault
        assert (fault.verdict == "complete") == fault.question.startswith("ask_"), fault
        assert 0 <= fault.weight <= 0.5, fault
        doubt = fault.verdict == "confirm" and fault.code != "address_shared"  # is ambiguous, too
        assert fault.weight or not doubt, fault
    assert len({fault.message for fault in FAULTS.values()}) == len(FAULTS)


def test_faults_above_door_level_are_also_doubts_of_a_door_except_the_flat() -> None:
    verdicts = {code: FAULTS[code].verdict_on(door=True) for code in FAULTS}
    assert verdicts["flat_missing"] == "complete"
    assert verdicts["locality_not_found"] == "confirm"
    assert FAULTS["locality_not_found"].verdict_on(door=False) == "unverified"
    assert set(verdicts.values()) == {"accept", "correct", "confirm", "complete"}


def assert_unsure(world: World, text: str) -> None:
    """No household that geocode answers is passed off as the one asked for; `limit` lets all by."""
    for answer in geocode(world.gazetteer, world.reads, Question(text, limit=20)):
        doubts = {"building_unsure", "building_not_found", "flat_not_found"}
        assert answer.level != "household" or (
            answer.confidence <= 0.7 and not doubts.isdisjoint(answer.faults)
        ), (text, answer.faults)


BLOCKS = (
    *("toà {}", "tòa nhà {}", "block {}", "tháp {}", "chung cư {}", "CC {}", "nhà {}", "khu {}"),
    *("dãy {}", "KTT {}", "tập thể {}", "building {}", "cao ốc {}", "đơn nguyên {}", "lô {}"),
)
FLATS = ("căn hộ {}, {}, ", "P{} {}, ", "phòng {} {} số ")


@pytest.mark.parametrize(
    ("flat", "block", "number"), gate_takes_first(1, [("311", "A", "20"), ("305", "A1", "87")])
)
def test_flat_of_another_block_is_never_returned(
    world: World, flat: str, block: str, number: str
) -> None:
    """Flat 311 is in Toà A alone: whatever word names Toà B, it is not that flat."""
    flats = {code for name, code in world.codes.items() if name.startswith(f"{flat} ")}
    missed = []
    for words, wording in product(BLOCKS, FLATS):
        for mark in ("B2", "c", block):
            text = wording.format(flat, words.format(mark)) + f"{number} Phố Hàng Khay{IN_LANG}"
            for typed in (text, bare(text)):
                found = ask(world, typed)
                if mark.upper() == block:
                    missed += [typed] if found.code not in flats and wording is FLATS[0] else []
                else:
                    assert found.code is None, typed
                    assert_unsure(world, typed)
                    # After `lô` a letter may be a plot: a question is asked.
                    asked = ("confirm",) if " lô " in text else ()
                    assert found.verdict in ("unverified", "complete", *asked), typed
    assert [text for text in missed if ", lô " not in text and ", lo " not in text] == []


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ("căn 702 chung cư Hàng Đậu, 17", "702 Chung cư Hàng Đậu"),
        ("can 702 chung cu hang dau, 17", "702 Chung cư Hàng Đậu"),
        ("căn 702 chung cư Hàng Dầu, 17", None),
        ("căn 702 toà B, 17", None),
        ("702 Hàng Dầu, 17", None),
        ("704 Hàng Đậu, 17", None),
        ("căn 702 toà Hàng Đậu, 17", "702 Chung cư Hàng Đậu"),
        ("căn 305 chung cư Hoa Hồng, 87", None),
        ("căn 305 CC Hoa Hồng, 87", None),
        ("P311 B, 20", None),
        ("P311 A, 20", "311 A"),
        ("Căn hộ 305, Toà CC A1, 87", "305 CC A1"),
        ("căn 401 B, 20", "401 B"),
    ],
)
def test_block_is_identified_by_its_name(world: World, text: str, door: str | None) -> None:
    found = ask(world, f"{text} Phố Hàng Khay{IN_LANG}")
    assert world.name_of(found.code) == door


@pytest.mark.parametrize(
    "words",
    [
        *("khối B", "khối nhà B2", "KĐT B", "cư xá B", "tổ hợp B", "khu nhà ở B2", "cụm B2", ", B"),
        *("toa hoa hong", "toà Hoa Hồng", "khu Hoa Hồng", "KĐT Hoa Hồng", "cư xá Hoa Hồng"),
        *("Vinhomes", "TC", "KTT Hoa Hồng", "Hoa Hồng Residence"),
    ],
)
def test_flat_is_not_returned_if_another_block_may_be_meant(world: World, words: str) -> None:
    text = f"căn 311 {words}, 20 Phố Hàng Khay{IN_LANG}"
    for typed in (text, bare(text)):
        assert ask(world, typed).code is None, typed
        assert_unsure(world, typed)
    assert world.name_of(ask(world, f"căn 311, 20 Phố Hàng Khay, tổ 5{IN_LANG}").code) == "311 A"


def test_commune_choices_are_distinguished_in_both_languages(world: World) -> None:
    several = ask(world, "99 Láng").question
    assert several is not None
    assert several.text.startswith("Địa chỉ này thuộc ")
    assert "(Thành phố Hà Nội)" in several.text
    assert "(Thành phố Hồ Chí Minh)" in several.text
    assert " or " in several.text_en
    assert " hay " not in several.text_en
    former = ask(world, "28 Lạ Hoắc, P. Láng Hạ, Đống Đa, Hà Nội").question
    assert former is not None
    assert former.text.startswith("Địa chỉ này nay thuộc ")
    assert "(" not in former.text


def statuses(found: Validation) -> dict[str, tuple[str, str | None]]:
    return {part.name: (part.status, part.value) for part in found.components}


def test_unregistered_old_address_gets_its_current_wording(world: World) -> None:
    found = ask(world, "28 lang, láng thượng, đống đa, hà nội")
    assert found.verdict == "unverified"
    assert found.address == "28 Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert found.before_2025_07 == (
        "28 Phố Láng, Phường Láng Thượng, Quận Đống Đa, Thành phố Hà Nội"
    )
    assert found.level == "street"
    assert statuses(found) == {
        "house_number": ("unverified", "28"),
        "street": ("confirmed", "Phố Láng"),
        "commune": ("corrected", "Phường Láng"),
        "district": ("corrected", None),
        "province": ("confirmed", "Thành phố Hà Nội"),
    }


def test_every_component_has_a_status(world: World) -> None:
    parts = statuses(ask(world, "5/3 Láng, Hà Nội"))
    assert parts["house_number"] == ("corrected", "3/5")
    assert parts["commune"] == ("inferred", "Phường Láng")
    parts = statuses(ask(world, "11 nguyen traii, phuong lang, ha noi"))
    assert parts["street"] == ("corrected", "Đường Nguyễn Trãi")
    parts = statuses(ask(world, f"Căn hộ 1207, 1 Huỳnh Thúc Kháng{IN_LANG}"))
    assert (parts["unit"], parts["building"]) == (("unverified", "1207"), ("inferred", "CT1"))
    assert statuses(ask(world, f"27 Láng{IN_LANG}, abc xyz"))["other"] == ("unexpected", None)
    for postcode, status in (("11528", "confirmed"), ("99999", "unverified")):
        parts = statuses(ask(world, f"27 Láng{IN_LANG} {postcode}"))
        assert parts["postcode"] == (status, "11528")
    assert statuses(ask(world, f"Phố Láng{IN_LANG}"))["house_number"] == ("missing", None)
    parts = statuses(ask(world, "12 Lê Thánh Tôn"))
    assert (parts["commune"], parts["province"]) == (("missing", None), ("missing", None))
    # None of the parts of the code's address were given.
    assert statuses(ask(world, codes.format(world.codes["27 Láng"]))) == {
        "house_number": ("inferred", "27"),
        "street": ("inferred", "Phố Láng"),
        "commune": ("inferred", "Phường Láng"),
        "province": ("inferred", "Thành phố Hà Nội"),
    }


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("427-14 Láng", "427-14 Phố Láng"),
        ("12 - 10 Láng", "12-10 Phố Láng"),
        ("hẻm cạnh nhà 67 Láng", ""),
        ("301 cc Sông Xanh, 299 Láng", "Căn hộ 301, 299 Phố Láng, Chung cư Sông Xanh"),
        ("Thôn A Ngọc Sơn", "Thôn A Ngọc Sơn"),
    ],
)
def test_unregistered_parts_are_kept_as_typed(world: World, text: str, label: str) -> None:
    address = ask(world, text + IN_LANG).address
    assert address == f"{label}, Phường Láng, Thành phố Hà Nội".removeprefix(", ")


def test_split_former_commune_offers_all_its_successors(world: World) -> None:
    found = ask(world, "28 Lạ Hoắc, P. Láng Hạ, Đống Đa, Hà Nội")
    assert found.question is not None
    assert (found.address, found.commune) == (None, None)
    assert found.province is not None
    labels = [choice.label for choice in found.question.choices]
    assert "28 Lạ Hoắc, Phường Láng, Thành phố Hà Nội" in labels
    assert len(labels) == 3
    assert all(name in found.question.text for name in ("Phường Láng", "Phường Đống Đa"))


def test_group_with_another_kind_matches_by_number(world: World) -> None:
    for text, written, known in (
        ("15 tổ 4", "Tổ 4", "Tổ dân phố 4"),
        ("4 tdp 9, xóm 5", "Tổ dân phố 9", "Tổ 9"),
    ):
        found = ask(world, text + IN_LANG)
        group = next(part for part in found.components if part.name == "locality")
        assert (group.status, group.given, group.value) == ("corrected", written, known)
        assert found.address is not None
        assert known in found.address
        assert found.level == "household"


def test_commune_is_chosen_among_the_successors_of_the_named_district(world: World) -> None:
    for text, first in (
        ("11 Hoàng Sa, Ba Đình, HN", "11 Hoàng Sa, Phường Ba Đình, Thành phố Hà Nội"),
        ("11 Hoàng Sa, quận Đống Đa, Hà Nội", "11 Hoàng Sa, Phường Bạch Mai, Thành phố Hà Nội"),
    ):
        question = ask(world, text).question
        assert question is not None
        labels = [choice.label for choice in question.choices]
        assert labels[0] == first
        assert len(set(labels)) == len(labels) > 5
        assert " cũ?" in question.text
        assert not any("Hoàng Mai" in label or "Bến Thành" in label for label in labels)
    # Whole provinces are not listed; nor is one of two named
    for text in ("11 Hoàng Sa, Hà Nội", "Hà Nội"):
        question = ask(world, text).question
        assert question is not None
        assert question.choices == ()
    several = ask(world, "11 Hoàng Sa, Ba Đình")
    assert several.question is not None
    provinces = {choice.label.rpartition(", ")[2] for choice in several.question.choices}
    assert provinces == {"Thành phố Hà Nội", "Tỉnh Thanh Hóa"}
    assert statuses(several)["province"] == ("missing", None)


def test_former_commune_beside_the_current_one_distinguishes_doors(world: World) -> None:
    for written, verdict in (
        ("Phường Láng Hạ cũ", "accept"),
        ("Láng Hạ (cũ)", "accept"),
        ("Phường Láng Hạ cũ, Quận Đống Đa cũ", "correct"),
    ):
        found = ask(world, f"9 Nguyễn Trãi, Phường Láng ({written}), Hà Nội")
        assert (found.verdict, world.name_of(found.code)) == (verdict, "9 Nguyễn Trãi Hạ"), written
    other = ask(world, "11 Nguyễn Trãi, Phường Láng (Phường Láng Thượng cũ), Hà Nội")
    assert (other.verdict, other.code) == ("confirm", None)
    # One that was never there decides nothing, and a question is asked
    stray = ask(world, "11 Nguyễn Trãi, Phường Láng (Phường Trung Tự cũ), Hà Nội")
    assert (stray.verdict, stray.code) == ("confirm", None)


def test_neighbouring_door_is_offered_with_its_code_and_not_as_a_successor(
    world: World,
) -> None:
    found = ask(world, "27 Lang, Trung Tu Ward, Dong Da District, Ha Noi")
    assert found.question is not None
    first, *others = found.question.choices
    assert world.name_of(first.code) == "27 Láng"
    assert first.label == "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert [choice.code for choice in others] == [None] * len(others)
    assert "27 Lang, Phường Kim Liên, Thành phố Hà Nội" in [choice.label for choice in others]
    assert "nay thuộc" not in found.question.text
    assert (found.code, found.address, found.commune) == (None, None, None)
    assert statuses(found)["commune"] == ("unverified", None)


def test_picked_choice_is_not_questioned_again(world: World) -> None:
    """Regression: picking the text as written returned a door in another commune."""
    for text in (
        "27 Lang, Trung Tu Ward, Dong Da District, Ha Noi",
        "27 Láng, Phường Kim Liên, Hà Nội",
        "27 Láng, Phường Láng Thượng, Đống Đa, Hà Nội",
    ):
        found = ask(world, text)
        assert found.question is not None, text
        for choice in found.question.choices:
            picked = Question(choice.label, chosen=True)
            again = validate(world.gazetteer, world.reads, picked)
            assert again.question is None, choice.label
            assert again.address is not None
            assert (again.verdict, again.code) == (
                ("accept", choice.code) if choice.code else ("unverified", None)
            )


def test_choices_in_one_commune_differ_by_former_commune(world: World) -> None:
    for text in (
        "27 Láng, Phường Láng Thượng, Đống Đa, Hà Nội",
        "12/34/5A lang, lang thuong, dong da, ha noi",
        "11 Nguyễn Trãi, Phường Láng (Phường Láng Thượng cũ), Hà Nội",
    ):
        found = ask(world, text)
        assert found.question is not None
        assert (found.verdict, found.code) == ("confirm", None), text
        registered, written = found.question.choices
        assert registered.code is not None
        assert "(Phường Láng Hạ cũ)" in registered.label
        assert written.code is None
        assert "(Phường Láng Thượng cũ)" in written.label
        # A picked choice is not questioned again.
        again = ask(world, registered.label)
        assert (again.verdict, again.code) == ("accept", registered.code)


def test_door_is_offered_if_the_named_commune_is_unknown(world: World) -> None:
    found = ask(world, "63-67 Bạch Đằng, Phường Không Có, Hà Nội")
    assert found.question is not None
    (only,) = found.question.choices
    assert world.name_of(only.code) == "63-67 Bạch Đằng"
    assert (found.verdict, found.next_action, found.code) == ("confirm", "ask_choice", None)


def test_door_on_a_street_with_other_diacritics_is_offered_but_not_accepted(world: World) -> None:
    found = ask(world, f"4 Hàng Bạ{IN_LANG}")
    assert found.question is not None
    names = [world.name_of(choice.code) for choice in found.question.choices]
    assert sorted(map(str, names)) == ["4 Hàng Ba", "4 Hàng Bà", "None"]  # and as written
    assert (found.verdict, found.next_action, found.code) == ("confirm", "ask_choice", None)


def test_unknown_name_stays_in_the_label(world: World) -> None:
    label = ask(world, f"3 Phố Mới Mở, Sao Mai Riverside{IN_LANG}").address
    assert label == "3 Phố Mới Mở, Sao Mai Riverside, Phường Láng, Thành phố Hà Nội"
    alone = ask(world, "căn 1508 S2.18 Sao Mai Ocean Park")
    assert alone.address == "Căn hộ 1508, Toà S2.18, Sao Mai Ocean Park"


def test_landmark_is_a_component_even_if_alone(world: World) -> None:
    for text in ("gần chợ Bến Thành", f"27 Láng{IN_LANG}, gần chợ Bến Thành"):
        assert statuses(ask(world, text))["delivery_hint"] == ("unverified", "gần chợ Bến Thành")
    assert statuses(ask(world, "Dinh Độc Lập"))["other"] == ("unexpected", None)


def test_archipelago_is_offered_beside_the_streets_of_its_name(world: World) -> None:
    found = ask(world, "Trường Sa")
    assert (found.verdict, found.next_action) == ("complete", "ask_choice")
    assert found.question is not None
    labels = [choice.label for choice in found.question.choices]
    assert labels[0] == "Đặc khu Trường Sa, Tỉnh Khánh Hòa", labels
    assert len(labels) == 2


def test_mistyped_code_gets_suggestions(world: World) -> None:
    code = world.codes["27 Láng"]
    slip = swapped(code)
    for mistyped in (slip, f"{slip[:4]}-{slip[4:]}", f" {slip.lower()} "):
        found = ask(world, mistyped)
        assert (found.verdict, found.reason) == ("reject", "code_mistyped")
        assert code in found.suggestions
        assert len(found.suggestions) <= 3
        assert found.question is not None
        picked = found.question.choices[found.suggestions.index(code)]
        assert (picked.code, picked.label) == (code, "27 Phố Láng, Phường Láng, Thành phố Hà Nội")
    assert ask(world, f"28 Láng{IN_LANG}").suggestions == ()
    hidden = world.codes["50 restricted"]
    assert hidden not in ask(world, swapped(hidden)).suggestions


def test_doors_with_the_same_address_are_distinguished_by_code(world: World) -> None:
    for text in (f"40 Trùng Khánh{IN_LANG}", f"7 Hai Nhà{IN_LANG}"):
        found = ask(world, text)
        assert (found.verdict, found.next_action) == ("confirm", "ask_choice")
        assert (found.code, found.reason) == (None, "address_shared")
        answers = geocode(world.gazetteer, world.reads, Question(text))
        assert len(answers) == 2
        assert all({"ambiguous", "address_shared"} <= set(answer.faults) for answer in answers)
        assert found.question is not None
        for choice in found.question.choices:
            assert choice.code is not None
            assert choice.label.endswith(f" (mã {codes.format(choice.code)})")


def test_choices_contain_no_codes_after_the_budget_is_spent(world: World) -> None:
    apart = ask(world, f"9 Nguyễn Trãi{IN_LANG}").question
    by_code = ask(world, f"40 Trùng Khánh{IN_LANG}").question
    assert apart is not None
    assert by_code is not None
    spent = Purse(Budget(world.engine), limit=0, holder=lambda: "tests")
    budget.carry(spent)
    try:
        found = disclose_validation(ask(world, f"9 Nguyễn Trãi{IN_LANG}")).question
        untold = disclose_validation(ask(world, f"40 Trùng Khánh{IN_LANG}")).question
    finally:
        budget.carry(None)
    assert found == replace(apart, choices=tuple(replace(c, code=None) for c in apart.choices))
    assert untold == replace(by_code, choices=())


def test_every_choice_resolves_to_one_door(world: World) -> None:
    asked = (
        f"9 Nguyễn Trãi{IN_LANG}",
        "27 Láng",
        f"Số 6, Tổ 7{IN_LANG}",
        f"40 Trùng Khánh{IN_LANG}",
    )
    for text in asked:
        found = ask(world, text)
        assert found.question is not None
        choices = found.question.choices
        assert len({choice.code for choice in choices}) == 2, text
        assert len({choice.label for choice in choices}) == 2, text
        for choice in choices:
            for each in (choice.label, choice.before_2025_07):
                assert each is None or ask(world, each).code == choice.code, choice


def test_code_contradicting_the_address_offers_both(world: World) -> None:
    code = world.codes["27 Láng"]
    found = ask(world, f"{codes.format(code)}, 129 Láng{IN_LANG}")
    assert (found.verdict, found.code, found.reason) == ("confirm", None, "code_contradicts_text")
    assert found.question is not None
    choices = found.question.choices
    assert [world.name_of(one.code) for one in choices] == ["129 Láng", "27 Láng"]
    for choice in choices:
        assert ask(world, choice.label).code == choice.code
    assert statuses(found)["other"] == ("unexpected", None)


@pytest.mark.parametrize("between", [" ", ", ", " hoặc ", " / ", ", mã "])
def test_two_codes_are_questioned(world: World, between: str) -> None:
    wanted = [world.codes["27 Láng"], world.codes["129 Láng"]]
    found = ask(world, between.join(map(codes.format, wanted)))
    assert (found.verdict, found.code) == ("confirm", None)
    assert found.question is not None
    assert sorted(str(choice.code) for choice in found.question.choices) == sorted(wanted)


@pytest.mark.parametrize("written", ["2HT6-4FP6", "2HT64FP6", "2HT6-4FP5", "mã 2HT6-4FP6"])
def test_invalid_code_is_reported_and_the_address_beside_it_confirmed(
    world: World, written: str
) -> None:
    address = f"27 Phố Láng{IN_LANG}"
    for text in (f"{written}, {address}", f"{address}, {written}", f"{address} ({written})"):
        found = ask(world, text)
        assert (found.verdict, found.code, found.reason) == ("confirm", None, "code_unread"), text
        assert found.address == "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
        unread = [one.given for one in found.components if one.name == "other"]
        assert unread == [written.removeprefix("mã ")], text
    nowhere = ask(world, f"{written}, 99 Láng{IN_LANG}")
    assert (nowhere.level, nowhere.reason) == ("street", "code_unread")


def test_code_is_accepted_and_a_point_is_questioned(world: World) -> None:
    code = world.codes["27 Láng"]
    spoken = codes.spoken(code)
    for text in (code, codes.format(code), spoken):
        assert (ask(world, text).verdict, ask(world, text).code) == ("accept", code)
    misheard = f"{spoken[:3]} {spoken[3:6]} {spoken[6:9]} {(int(spoken[9:]) + 10) % 100:02}"
    assert ask(world, misheard).reason == "code_mistyped"
    assert code in ask(world, misheard).suggestions
    assert ask(world, world.codes["40 retired"]).code == world.codes["40B"]
    assert ask(world, world.codes["40 retired"]).verdict == "correct"
    assert ask(world, world.codes["50 restricted"]).verdict == "reject"
    assert ask(world, world.codes["CT1"]).verdict == "complete"
    found = ask(world, f"{LANG[1]}, {LANG[0]}")
    assert (found.verdict, found.code) == ("confirm", None)
    contradicted = ask(world, f"{codes.format(code)}, 129 Láng{IN_LANG}")
    assert (contradicted.verdict, contradicted.code) == ("confirm", None)


def test_label_of_a_certain_door_is_accepted(world: World) -> None:
    for text in (row["text"] for row in ASKED if row["door"]):
        found = ask(world, text)
        again = ask(world, found.address or "")
        assert (again.verdict, again.code) == ("accept", found.code), text
        assert ask(world, found.before_2025_07 or found.address or "").code == found.code


def test_components_get_the_verdict_of_their_text(world: World) -> None:
    asked = Components(house_number="27", street="Láng", commune="Láng Hạ", province="Hà Nội")
    found = validate(world.gazetteer, world.reads, Question(components=asked))
    assert (found.verdict, world.name_of(found.code)) == ("correct", "27 Láng")
    nowhere = Components(house_number="27", street="Láng", commune="Xyz", province="Hà Nội")
    found = validate(world.gazetteer, world.reads, Question(components=nowhere))
    assert (found.verdict, found.code) == ("confirm", None)


@pytest.mark.parametrize(
    ("units", "verdict", "expected"),
    [
        ({"commune": "00199", "province": "01"}, "accept", None),
        # Láng Thượng, of the map before July 2025, where Láng has no number 27
        ({"commune": "00187", "district": "006"}, "confirm", None),
        ({"commune": "99999", "province": "01"}, "confirm", "unit_code_unknown"),
        ({"commune": "Láng", "district": "999"}, "confirm", "unit_code_unknown"),
        ({"commune": "Láng", "province": "99"}, "confirm", "unit_code_unknown"),
        ({"commune": "99999"}, "confirm", "unit_code_unknown"),
    ],
)
def test_units_may_be_given_by_code_and_an_unknown_one_is_reported(
    world: World, units: dict[str, str], verdict: str, expected: str | None
) -> None:
    asked = Question(components=Components(house_number="27", street="Láng", **units))
    found = validate(world.gazetteer, world.reads, asked)
    assert (found.verdict, found.reason, found.code is None) == (
        verdict,
        expected,
        verdict != "accept",
    )
    if expected:
        assert found.messages[0].startswith("Không có tỉnh, huyện hay xã nào mang mã đã gửi")


_WORDS = "27 12/34 Láng Phố Nguyễn Phường Hà Nội ngõ Số , . - Quận Thôn 3 CT1 căn hộ @ % ' \\"
WORDS = st.lists(st.sampled_from(_WORDS.split(" ")), max_size=14).map(" ".join)


@settings(max_examples=examples(30, 200), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(st.characters(exclude_characters="\0"), max_size=80), WORDS))
def test_every_text_gets_a_complete_answer(world: World, text: str) -> None:
    found = ask(world, text)
    assert found.verdict in VERDICTS
    assert found.next_action in NEXT_ACTIONS
    assert (found.code is not None) == (found.verdict in ("accept", "correct"))
    asks = found.verdict in ("confirm", "complete", "reject")
    assert (found.question is not None) == asks
    for part in found.components:
        assert part.name in COMPONENTS
        assert part.status in STATUSES
    if found.question:
        assert found.question.code in QUESTIONS
        assert "{" not in found.question.text


def test_retired_code_is_distinguished_from_an_unknown_one(world: World) -> None:
    gone = ask(world, world.codes["60 gone"])
    assert (gone.verdict, gone.reason, gone.code) == ("reject", "code_retired", None)
    assert ask(world, world.codes["50 restricted"]).reason == "code_unknown"


def test_examples_in_matching_md_are_correct(world: World) -> None:
    page = (Path(__file__).parents[3] / "docs" / "matching.md").read_text(encoding="utf-8")
    _, table = page.split("| text | answer | faults | verdict |\n|---|---|---|---|\n")
    rows = table.split("\n\n")[0].splitlines()
    for row in rows:
        text, _, faults, verdict = row.strip("| ").split(" | ")
        (asked,) = re.findall(r"`(.+?)`", text)
        first = geocode(world.gazetteer, world.reads, Question(asked))[0]
        assert sorted(first.faults) == sorted(re.findall(r"`(\w+)`", faults)), row
        assert f"`{ask(world, asked).verdict}`" in verdict, row
    assert len(rows) == 10
