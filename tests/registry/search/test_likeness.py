"""A slip of the keyboard is corrected; another name that looks like it is not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from geo.street import parse_street
from registry.core.database import make_engine, session_scope
from registry.search.find.likeness import (
    Likeness,
    Name,
    likeness,
)
from registry.units.gazetteer_loading import load_gazetteer
from registry.units.misspelt_kinds import mend_kinds
from registry.units.vocabulary import Vocabulary, vocabulary_of
from tests.support import postgis
from tests.support.vectors import Row, cases

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


@pytest.mark.parametrize("row", cases("likeness", "typed"))
def test_likeness_separates_slips_from_other_names(vocabulary: Vocabulary, row: Row) -> None:
    found = likeness(vocabulary, name(row["typed"]), name(row["registered"]))
    assert found is Likeness[row["likeness"].upper()]


def test_khom_is_not_a_slip_for_khoi(vocabulary: Vocabulary) -> None:
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
def test_misspelled_kinds_are_corrected_but_not_names(
    vocabulary: Vocabulary, text: str, meant: str | None
) -> None:
    assert mend_kinds(vocabulary, text) == (meant or text)
