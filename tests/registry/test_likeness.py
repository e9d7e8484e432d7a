"""A slip of the keyboard is corrected; another name that looks like it is not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from geo.street import parse_street
from registry.database import make_engine, session_scope
from registry.gazetteer_loading import load_gazetteer
from registry.search.likeness import (
    Likeness,
    Name,
    likeness,
)
from registry.units.misspelt_kinds import mend_kinds
from registry.units.vocabulary import Vocabulary, vocabulary_of
from tests.support import postgis

SAME, SLIP, OTHER = Likeness.SAME, Likeness.SLIP, Likeness.OTHER
LIKE = Likeness.LIKE


@pytest.fixture(scope="module")
def vocabulary(admin_url: str, worker_id: str) -> Iterator[Vocabulary]:
    with postgis.clone(admin_url, f"likeness_{worker_id}") as url:
        engine: Engine = make_engine(url)
        with session_scope(engine) as session:
            yield vocabulary_of(load_gazetteer(session))
        engine.dispose()


def name(text: str) -> Name:
    street = parse_street(text)
    assert street is not None
    return Name(street.key, street.name)


@pytest.mark.parametrize(
    ("typed", "registered", "expected"),
    [
        ("Nguyễn Trãi", "Nguyễn Trãi", SAME),
        ("nguyen trai", "Nguyễn Trãi", SAME),
        ("Nguyễn Trãi", "Nguyen Trai", SAME),
        ("Cách Mạng Tháng 8", "Cách Mạng Tháng Tám", SAME),
        # The family name by its letter
        ("T. Hưng Đạo", "Trần Hưng Đạo", SLIP),
        ("n thi dinh", "Nguyễn Thị Định", SLIP),
        ("L. Hưng Đạo", "Trần Hưng Đạo", OTHER),
        ("N. Thị Đính", "Nguyễn Thị Định", OTHER),
        ("T. Vinh", "Trường Vinh", OTHER),
        # Slips
        ("Nguyễn Trxãi", "Nguyễn Trãi", SLIP),
        ("Nguyễn Trải", "Nguyễn Trãi", SLIP),
        ("nguyen traii", "Nguyễn Trãi", SLIP),
        ("Ngyuễn Trãi", "Nguyễn Trãi", SLIP),
        ("Trần Qnuý Khoáng", "Trần Quý Khoáng", SLIP),
        ("aCo Thắng", "Cao Thắng", SAME),
        ("Chu Hyu Mân", "Chu Huy Mân", SLIP),
        # The first letter left out, so that the word has no capital
        ("rần Phú", "Trần Phú", SLIP),
        ("phạm văn áng", "Phạm Văn Đáng", OTHER),
        # A famous name with one letter wrong, where the word is another name's
        ("Trần Pú", "Trần Phú", LIKE),
        ("Hàm Nhi", "Hàm Nghi", LIKE),
        ("Võ Nguyên Giá", "Võ Nguyên Giáp", LIKE),
        ("Trần Hưng Đạ", "Trần Hưng Đạo", LIKE),
        ("Trần Tân Thường", "Trần Tân Thưởng", OTHER),
        # No word has such diacritics, though without them it is one
        ("Trầ Phú", "Trần Phú", SLIP),
        ("Cô Bắ", "Cô Bắc", SLIP),
        ("Phan Văn Kheỏ", "Phan Văn Khỏe", SLIP),
        ("Võ Thị Suá", "Võ Thị Sáu", SLIP),
        ("Phạm Văn Đoồng", "Phạm Văn Đồng", SLIP),
        ("Nguyễn Choí Thanh", "Nguyễn Chí Thanh", SLIP),
        ("Trà Phú", "Trần Phú", OTHER),
        ("Trầ Phú", "Trần Phủ", OTHER),
        ("Nghiã Phú", "Nghi Phú", OTHER),
        ("Lê Hòan", "Lê Hoàng", OTHER),
        # Marks left out word by word, or one set wrong
        ("nguyễn thi minh khai", "Nguyễn Thị Minh Khai", SLIP),
        ("lê thi hồng gấm", "Lê Thị Hồng Gấm", SLIP),
        ("nguyễn van cừ", "Nguyễn Văn Cừ", SLIP),
        ("nguyên tất thành", "Nguyễn Tất Thành", SLIP),
        ("Hùng Vuong", "Hùng Vương", SLIP),
        ("Trần Hưng Dao", "Trần Hưng Đạo", SLIP),
        # Other streets
        ("Nguyễn Văn Hai", "Nguyễn Văn Hải", OTHER),
        ("Hàng Bạ", "Hàng Bà", OTHER),
        ("Hóa Sơn 2", "Hoà Sơn 2", OTHER),
        ("Thanh Bình", "Thạnh Bình", OTHER),
        ("Lê Thánh Tôn", "Lê Thánh Tông", OTHER),
        ("Lê Thánh Tông", "Lê Thánh Tôn", OTHER),
        ("le thanh ton", "Lê Thánh Tông", OTHER),
        ("Lê Lợi", "Lê Lai", OTHER),
        ("Nguyễn Dữ", "Nguyễn Du", OTHER),
        ("Nguyễn Thị Thọ", "Nguyễn Thị Nhỏ", OTHER),
        ("Phạm Văn Đáng", "Phạm Văn Đồng", OTHER),
        ("Trần Văn Trứ", "Trần Văn Trà", OTHER),
        ("Vũ Văn Dũng", "Võ Văn Dũng", OTHER),
        ("Phan Kế Bình", "Phan Kế Bính", OTHER),
        ("Hàng Ba", "Hàng Bà", OTHER),
        ("Quảng Trung", "Quang Trung", OTHER),
        ("Phan Châu Trinh", "Phan Chu Trinh", OTHER),
        ("Đường số 7", "Đường số 1", OTHER),
        ("Phú Chánh A", "Phú Chánh B", OTHER),
        ("Huế", "Hù", OTHER),
        ("Láng", "Láng Hạ", OTHER),
    ],
)
def test_likeness_tells_slips_from_names(
    vocabulary: Vocabulary, typed: str, registered: str, expected: Likeness
) -> None:
    assert likeness(vocabulary, name(typed), name(registered)) is expected


def test_a_khom_is_no_slip_for_a_khoi(vocabulary: Vocabulary) -> None:
    typed, known = Name("khom 3", "khóm 3", "khóm"), Name("khoi 3", "khối 3", "khối")
    assert likeness(vocabulary, typed, known) is OTHER


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("70 Đờưng Lê Duẩn, Phường Láng", "70 đường Lê Duẩn, Phường Láng"),
        ("Số 3, nácch 8, gnách 8, ngõ 12 Láng", "Số 3, nácch 8, ngách 8, ngõ 12 Láng"),
        ("7 Pjố Láng, Phườngg Láng", "7 phố Láng, phường Láng"),
        ("70 Duongg Le Duan", "70 duong Le Duan"),
        ("12 Đinh Bộ Lĩnh, Phường Thạnh Mỹ Tây", None),
        ("Số 2, Buôn Tơng Jú, Xã Ea Na, Tỉnh Đắk Lắk", None),
        ("12 TDP 3, P. Láng, TP. HN", None),
        ("51 Ngo Quyen, 21 Khuc Thừa Du, Phường 3, Ben Tre", None),
        ("Kiot 3, Shop 5, 12 Lê Lợi, Phường Bến Thành", None),
        ("19, Thôn Mỹ Lng, Xã Thạnh Bình", None),
        ("", None),
    ],
)
def test_misspelt_kinds_are_mended_and_names_are_not(
    vocabulary: Vocabulary, text: str, meant: str | None
) -> None:
    assert mend_kinds(vocabulary, text) == (meant or text)
