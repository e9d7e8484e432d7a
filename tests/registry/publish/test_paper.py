"""Papers: printed, and read back as their holder reads them."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from geo.code import format as code_display
from geo.code import from_serial
from registry.core.actors import Actor, acting_as
from registry.core.database import session_scope
from registry.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    OutsideUnitsError,
)
from registry.lifecycle.requests import Doors
from registry.lifecycle.table import BY_NAME
from registry.publish.paper import certificates, numbers
from registry.publish.paper.certificates import issue_certificate, revoke, verify
from registry.publish.paper.decisions import DecisionForm, done_decision, planned_decision
from registry.publish.paper.lists import print_list
from registry.publish.paper.plates import PLATE_FORM, PlateForm, print_plates
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Paper
from registry.units.gazetteer import Gazetteer, today
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town, town
from tests.support.pdf import qr_codes_of, sizes_of, texts_of
from tests.support.units import read_gazetteer

SITE = Site("https://diachiso.example.vn", True)
LONG = (
    "Đường Nguyễn Thị Minh Khai Ẩm Thực Ỡm Ờ Quảng Trường Ba Đình Lịch Sử Kháng Chiến Cách Mạng"
    " Giải Phóng Dân Tộc Anh Hùng Bất Khuất Trung Hậu Đảm Đang Đoàn Kết Thống Nhất Hữu Nghị"
)
ONE_WORD = "Đường N" + "gh" * 30
WORDS = "<script>alert(1)</script>"
CELL = "=cmd() #strong[x] *y* $z$"


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"paper_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def known(place: Town) -> Gazetteer:
    return read_gazetteer(place.engine)


def on(place: Town, street: str, *numbers: str) -> list[str]:
    """Doors of a new street."""
    place.street(street)
    return [
        place.house(number, street, lon=LANG["lon"] + at * 1e-4, lat=LANG["lat"])
        for at, number in enumerate(numbers)
    ]


def plates(
    place: Town,
    known: Gazetteer,
    site: Site = SITE,
    form: PlateForm = PLATE_FORM,
    skip: int = 0,
    **doors: object,
) -> Paper:
    with session_scope(place.engine) as session:
        return print_plates(session, known, site, Doors.model_validate(doors), form, skip=skip)


def notices_of(paper: Paper) -> dict[str, int]:
    return {notice.code: notice.count for notice in paper.notices}


def fault(error: pytest.ExceptionInfo[InvalidInputError]) -> tuple[str, str]:
    first = error.value.extra["errors"][0]  # type: ignore[index]
    return first["field"], first["code"]


# --- plates --------------------------------------------------------------------------------------


def test_street_plates_are_ordered_with_readable_qr_codes(place: Town, known: Gazetteer) -> None:
    twelve, two, hidden = on(place, "Phố Ỷ Lan", "12/3", "2", "5")
    place.do("correct", code=hidden, restricted=True)

    paper = plates(place, known, commune=COMMUNE, street="Phố Ỷ Lan")

    (page,) = texts_of(paper.pdf)
    assert (paper.items, notices_of(paper)) == (2, {"restricted": 1})
    assert page.index(code_display(two)) < page.index(code_display(twelve))
    assert "12/3 Phố Ỷ Lan Phường Láng, Thành phố Hà Nội" in page
    assert qr_codes_of(paper.pdf) == sorted(
        f"{SITE.url}/a/{code_display(code)}" for code in (twelve, two)
    )
    assert sizes_of(paper.pdf) == [(210, 297)]


@pytest.mark.parametrize(
    ("form", "sheets"),
    [
        (PlateForm("90x55"), [(210, 297)]),
        (PlateForm("270x180"), [(297, 210)] * 3),
        (PlateForm("180x120", "roll", 620), [(620, 134)]),
        (PlateForm("180x120", "roll", 320, 0), [(320, 3 * 128)]),
    ],
)
def test_plates_are_arranged_on_sheets_or_a_roll(
    place: Town, known: Gazetteer, form: PlateForm, sheets: list[tuple[int, int]]
) -> None:
    codes = place.reserve(3)
    paper = plates(place, known, form=form, codes=codes)
    assert sizes_of(paper.pdf) == sheets
    read = [code for page in range(len(sheets)) for code in qr_codes_of(paper.pdf, page)]
    assert sorted(read) == sorted(SITE.address_url(code_display(code)) for code in codes)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (PlateForm("big"), "malformed_size"),
        (PlateForm("20x20"), "malformed_size"),
        (PlateForm("300x200"), "larger_than_the_sheet"),
        (PlateForm("400x300", "roll", 320), "larger_than_the_sheet"),
    ],
)
def test_plate_larger_than_the_sheet_is_refused(
    place: Town, known: Gazetteer, form: PlateForm, code: str
) -> None:
    with pytest.raises(InvalidInputError) as error:
        plates(place, known, form=form, codes=place.reserve(1))
    assert fault(error) == ("size", code)


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        (LONG, "180x120", {}),
        (LONG, "90x55", {"small_print": 1}),
        (ONE_WORD, "60x40", {"does_not_fit": 1}),
    ],
)
def test_long_names_fit_or_are_reported(
    place: Town, known: Gazetteer, name: str, size: str, expected: dict[str, int]
) -> None:
    (door,) = on(place, f"{name.strip()} {size}"[:200], "8")
    paper = plates(place, known, form=PlateForm(size), codes=[door])
    (page,) = texts_of(paper.pdf)
    assert notices_of(paper) == expected
    printed = "does_not_fit" not in expected
    assert set(name.split()) <= set(page.split()) or not printed
    assert ("Không in được" in page) is not printed
    assert len(qr_codes_of(paper.pdf)) == printed


@pytest.mark.parametrize("street", [WORDS, CELL])
def test_names_are_escaped_on_all_papers(place: Town, known: Gazetteer, street: str) -> None:
    (door,) = on(place, f"Phố Chữ {ord(street[0])}", "1")
    doors, given = Doors(codes=[door]), {"name": street, "id": place.row(door).street_id}
    # Such names are refused today, but older registers and files may have them.
    with session_scope(place.engine) as session:
        session.execute(text("UPDATE place SET name = :name WHERE id = :id"), given)
    with session_scope(place.engine) as session:
        papers = [
            print_plates(session, known, SITE, doors),
            print_list(session, known, SITE, doors, "field"),
        ]
    papers.append(issue_certificate(place.engine, place.reads, known, SITE, door)[1])
    for paper in papers:
        # A line may break inside of it.
        assert street.replace(" ", "") in "".join(texts_of(paper.pdf)).replace(" ", "")


def test_papers_without_a_public_address_have_a_watermark(place: Town, known: Gazetteer) -> None:
    (door,) = on(place, "Phố Thử", "1")
    trial = Site("http://127.0.0.1:8000", False)
    paper = plates(place, known, site=trial, codes=[door])
    assert notices_of(paper) == {"not_public": 1}
    assert texts_of(paper.pdf)[0].count("BẢN THỬ") == 2
    assert qr_codes_of(paper.pdf) == [f"{trial.url}/a/{code_display(door)}"]
    certificate, paper = issue_certificate(place.engine, place.reads, known, trial, door)
    assert "BẢN THỬ" in texts_of(paper.pdf)[0]
    assert qr_codes_of(paper.pdf) == [trial.verify_url(certificate.shown)]
    assert [site.watermark(from_serial(42)) for site in (SITE, trial)] == ["MINH HOẠ"] * 2


def test_too_many_plates_for_one_pdf_are_reported(
    place: Town, known: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(place, "Phố Dài", *map(str, range(1, 6)))
    monkeypatch.setattr("registry.publish.paper.plates.MAX_PLATES", 2)
    street = {"commune": COMMUNE, "street": "Phố Dài"}
    first, last = (plates(place, known, skip=skip, **street) for skip in (0, 4))
    assert (first.items, notices_of(first), last.items, notices_of(last)) == (2, {"more": 3}, 1, {})
    with pytest.raises(InvalidInputError) as error:
        plates(place, known, skip=5, **street)
    assert fault(error) == ("skip", "beyond_the_last")


def test_paper_of_another_commune_is_refused(place: Town, known: Gazetteer) -> None:
    (door,) = on(place, "Phố Kề", "1")
    elsewhere = next(u.id for u in known.with_code(ELSEWHERE) if u.alive_on(today()))
    clerk = Actor("xã khác", "editor", frozenset({elsewhere}))
    event = place.do(
        "rename-street", commune=COMMUNE, street="Phố Kề", new_name="Phố Cạnh"
    ).event_id
    certificate, _ = issue_certificate(place.engine, place.reads, known, SITE, door)
    made = (place.engine, place.reads, known, SITE)
    with acting_as(clerk):
        for refused in (
            lambda: plates(place, known, codes=[door]),
            lambda: issue_certificate(*made, door),
            lambda: revoke(place.engine, certificate.number, reason="in sai"),
            lambda: done_decision(*made, event),
        ):
            with pytest.raises(OutsideUnitsError):
                refused()


# --- their life ----------------------------------------------------------------------------------


def test_plate_is_reserved_issued_mounted_and_lost(place: Town) -> None:
    one, two = on(place, "Phố Gắn Biển", "1", "2")
    street = {"commune": COMMUNE, "street": "Phố Gắn Biển"}

    def days(code: str) -> list[tuple[bool, bool, bool]]:
        return [
            tuple(day is not None for day in row)
            for row in place.rows(
                "SELECT issued_on, mounted_on, lost_on FROM plate WHERE code = :code ORDER BY id",
                code=code,
            )
        ]

    with pytest.raises(ConflictError, match="no plate issued"):
        place.do("mount-plates", codes=[one])
    place.do("issue-plates", codes=[one])
    assert place.do("issue-plates", **street).rewritten == 1  # the other one's
    with pytest.raises(ConflictError, match="already been issued"):
        place.do("issue-plates", codes=[two])
    assert place.do("mount-plates", **street, on=today().isoformat()).rewritten == 2
    place.do("lose-plates", codes=[one], reason="biển rơi")
    place.do("issue-plates", codes=[one])
    assert days(one) == [(True, True, True), (True, False, False)]
    assert days(two) == [(True, True, False)]
    (reserved,) = place.reserve()
    assert days(reserved) == [(False, False, False)]
    with pytest.raises(ConflictError):
        place.do("mount-plates", codes=[two], on="2020-01-01")
    place.retire(two)
    with pytest.raises(ConflictError):
        place.do("mount-plates", codes=[two])


# --- certificates --------------------------------------------------------------------------------


def test_certificate_is_valid_until_the_address_changes(place: Town, known: Gazetteer) -> None:
    door, other = on(place, "Phố Ở Yên", "7", "9")
    place.do("correct", code=door, former_commune="00187")
    made, paper = issue_certificate(
        place.engine, place.reads, known, SITE, door, document_number="15"
    )
    text = " ".join(texts_of(paper.pdf))
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "PHƯỜNG LÁNG",
        "Số: 15/GXN-UBND",
        "GIẤY XÁC NHẬN ĐỊA CHỈ",
        "7 Phố Ở Yên, Phường Láng, Thành phố Hà Nội",
        "Quận Đống Đa",
        code_display(door),
        "21.021100, 105.806000",
        made.shown,
    ):
        assert words in text
    assert qr_codes_of(paper.pdf) == [f"{SITE.url}/verify/{made.shown}"]
    assert b"pdfaid:part" in paper.pdf
    assert notices_of(paper) == {}

    def state() -> tuple[str, str | None]:
        verdict = verify(place.reads, known, f" {made.shown.lower()} ")
        return verdict.state, verdict.label

    assert state() == ("valid", "7 Phố Ở Yên, Phường Láng, Thành phố Hà Nội")
    place.do("verify", code=door)
    place.do("move", code=door, **LANG)
    assert state()[0] == "valid"
    place.do("renumber", code=door, house_number="7A")
    assert state() == ("changed", "7A Phố Ở Yên, Phường Láng, Thành phố Hà Nội")
    assert verify(place.reads, known, made.number).since == today()
    place.do("renumber", code=door, house_number="7")
    assert state()[0] == "valid"
    place.do("merge", codes=[door], into=other, reason="gộp nhà")
    assert state() == ("ended", None)


def test_certificate_is_revoked_once(place: Town, known: Gazetteer) -> None:
    (door,) = on(place, "Phố Thu Hồi", "1")
    made, _ = issue_certificate(place.engine, place.reads, known, SITE, door)
    with pytest.raises(InvalidInputError):
        revoke(place.engine, made.shown, reason="số điện thoại 0912345678")
    revoke(place.engine, made.shown, reason="in sai")
    verdict = verify(place.reads, known, made.number)
    assert (verdict.state, verdict.since) == ("revoked", today())
    with pytest.raises(ConflictError):
        revoke(place.engine, made.shown, reason="in sai")
    assert made.number in [
        each.number
        for each in certificates.issued_in(place.reads, frozenset({made.unit_id}), limit=9)
    ]


def test_restricted_place_is_verified_without_its_address(place: Town, known: Gazetteer) -> None:
    (door,) = on(place, "Phố Kín", "1")
    place.do("correct", code=door, restricted=True)
    made, _ = issue_certificate(place.engine, place.reads, known, SITE, door)
    with acting_as(Actor("anonymous", "anonymous", frozenset())):
        assert verify(place.reads, known, made.number).hidden
    assert not verify(place.reads, known, made.number).hidden


def test_only_active_records_are_certified(place: Town, known: Gazetteer) -> None:
    (proposed,) = place.do("propose", commune=COMMUNE, street="Phố Láng", house_number="99").records
    with pytest.raises(ConflictError):
        issue_certificate(place.engine, place.reads, known, SITE, proposed.code)
    with pytest.raises(NotFoundError):
        issue_certificate(place.engine, place.reads, known, SITE, place.reserve()[0])


def test_certificate_numbers_have_a_check_symbol(place: Town, known: Gazetteer) -> None:
    number = numbers.draw()
    assert numbers.read(numbers.show(number)) == number
    wrong = {
        number[:at] + symbol + number[at + 1 :]
        for at in range(3, 13)
        for symbol in "01"
        if symbol != number[at]
    }
    assert {numbers.read(each) for each in wrong} == {None}
    with pytest.raises(NotFoundError):
        verify(place.reads, known, number)
    for written in (*sorted(wrong)[:1], "", "GXN", "x" * 500):
        with pytest.raises(InvalidInputError):
            verify(place.reads, known, written)


# --- decisions -----------------------------------------------------------------------------------

RENUMBER = {
    "commune": COMMUNE,
    "street": "Phố Đánh Số",
    "numbers": [{"old": "2", "new": "4"}, {"old": "4", "new": "10"}],
}


def decisions_of(place: Town, known: Gazetteer, name: str, **fields: object) -> tuple[Paper, Paper]:
    """The decision of an operation, before and after it was done."""
    made = (place.engine, place.reads, known, SITE)
    form = DecisionForm(number="21", day=today().replace(month=2, day=3))
    operation = BY_NAME[name]
    planned = planned_decision(*made, operation, operation.request.model_validate(fields), form)
    return planned, done_decision(*made, place.do(name, **fields).event_id, form)


def test_decision_is_the_same_before_and_after_its_operation(place: Town, known: Gazetteer) -> None:
    two, four, _six = on(place, "Phố Đánh Số", "2", "4", "6")
    planned, done = decisions_of(place, known, "renumber-street", **RENUMBER)
    assert texts_of(planned.pdf) == texts_of(done.pdf)
    first, annex = texts_of(done.pdf)
    for words in (
        "Số: 21/QĐ-UBND",
        "Láng, ngày 03 tháng 02 năm",
        "Về việc đánh số lại nhà trên Phố Đánh Số thuộc Phường Láng, Thành phố Hà Nội",
        "CHỦ TỊCH ỦY BAN NHÂN DÂN PHƯỜNG LÁNG",
        "Điều 1. Đánh số lại 2 số nhà trên Phố Đánh Số",
        "Nơi nhận:",
    ):
        assert words in first
    assert f"1 2 4 {code_display(two)} 2 4 10 {code_display(four)}" in annex
    assert done.items == 2


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("name-street", {"street": "Đường Mới"}, "Đặt tên Đường Mới thuộc Phường Láng"),
        (
            "rename-street",
            {"street": "Phố Tên Cũ", "new_name": "Đường Tên Mới"},
            "Đổi tên Phố Tên Cũ thuộc Phường Láng, Thành phố Hà Nội thành Đường Tên Mới",
        ),
        ("name-locality", {"locality": "Thôn Mới"}, "Đặt tên Thôn Mới thuộc Phường Láng"),
    ],
)
def test_decision_on_a_street_name_is_printed(
    place: Town, known: Gazetteer, name: str, fields: dict[str, str], expected: str
) -> None:
    if name == "rename-street":
        on(place, "Phố Tên Cũ", "1", "3")
    planned, done = decisions_of(place, known, name, commune=COMMUNE, **fields)
    assert texts_of(planned.pdf) == texts_of(done.pdf)
    assert f"Điều 1. {expected}" in texts_of(done.pdf)[0]


def test_operation_without_a_decision_form_is_refused(place: Town, known: Gazetteer) -> None:
    made = (place.engine, place.reads, known, SITE)
    event = place.do("reserve", count=1).event_id
    with pytest.raises(InvalidInputError) as error:
        done_decision(*made, event)
    assert fault(error) == ("operation", "no_decision_of_it")
    with pytest.raises(NotFoundError):
        done_decision(*made, 2**40)


# --- lists ---------------------------------------------------------------------------------------


def test_list_repeats_its_header_on_each_page(place: Town, known: Gazetteer) -> None:
    place.do("name-locality", commune=COMMUNE, locality="Thôn Danh Sách")
    codes = [place.house(str(n), None, locality="Thôn Danh Sách") for n in range(1, 46)]
    doors = Doors(commune=COMMUNE, locality="Thôn Danh Sách")
    with session_scope(place.engine) as session:
        wall, field = (
            print_list(session, known, SITE, doors, purpose) for purpose in ("wall", "field")
        )
    for paper, head, pages in ((wall, "Mã địa chỉ số", 2), (field, "Có biển", 3)):
        read = texts_of(paper.pdf)
        assert len(read) == pages
        assert all(head in page and f"/{pages}" in page for page in read)
        assert [code for code in map(code_display, codes) if code in " ".join(read)] == list(
            map(code_display, codes)
        )


def test_papers_of_a_street_contain_only_approved_records(place: Town, known: Gazetteer) -> None:
    (door,) = on(place, "Phố Chờ Duyệt", "1")
    waiting = place.do(
        "propose", commune=COMMUNE, street="Phố Chờ Duyệt", house_number="3"
    ).records[0]
    doors = Doors(commune=COMMUNE, street="Phố Chờ Duyệt")
    with session_scope(place.engine) as session:
        papers = [
            print_plates(session, known, SITE, doors, PLATE_FORM),
            print_list(session, known, SITE, doors, "field"),
        ]
    for paper in papers:
        text = " ".join(texts_of(paper.pdf))
        assert code_display(door) in text
        assert code_display(waiting.code) not in text
    place.do("issue-plates", commune=COMMUNE, street="Phố Chờ Duyệt")
    assert place.rows("SELECT code FROM plate WHERE code = :c", c=door) == [(door,)]
    assert place.rows("SELECT code FROM plate WHERE code = :c", c=waiting.code) == []


def test_characters_missing_in_the_fonts_are_reported(place: Town, known: Gazetteer) -> None:
    (door,) = on(place, "Phố Lạ", "1")
    place.do("correct", code=door, building="Toà 龍")
    _, paper = issue_certificate(place.engine, place.reads, known, SITE, door)
    assert notices_of(paper) == {"letters_missing": 1}
    assert not re.search(b"pdfaid:part", paper.pdf)
