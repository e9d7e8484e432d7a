"""What there is to ask for: each collection in words, and the statement that answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from registry.errors import NotFoundError
from registry.features.asked import Asked
from registry.features.doors import buildings, households
from registry.features.feature import Page
from registry.features.places import localities, streets
from registry.features.services import offices, service_areas
from registry.features.units import communes, provinces
from registry.gazetteer import Gazetteer

EXTENT: Final = (101.0, 5.0, 118.0, 24.0)
"""Degrees around Viet Nam, its archipelagos too."""


@dataclass(frozen=True, slots=True)
class Collection:
    """One layer of a map."""

    id: str
    vietnamese: str
    english: str
    about: str
    read: Callable[[Session, Gazetteer, Asked], Page]
    of_doors: bool = False
    """Whether its keys are codes, which only a carrier may list."""


_ALL: Final = (
    Collection(
        "households",
        "Chỗ ở của hộ",
        "Dwellings",
        "Mỗi bản ghi một chỗ ở, điểm lối vào; cần khoá carrier (a record each, at its entrance;"
        " with a key of a carrier). Codes with `demo` are made up.",
        households,
        of_doors=True,
    ),
    Collection(
        "buildings",
        "Toà nhà",
        "Buildings",
        "Toà nhà của các căn hộ; cần khoá carrier (what holds flats; with a key of a carrier)",
        buildings,
        of_doors=True,
    ),
    Collection(
        "streets",
        "Đường, phố",
        "Streets",
        "Một điểm giữa các nhà của đường (a point in the middle of its doors)",
        streets,
    ),
    Collection(
        "localities",
        "Thôn, ấp, tổ dân phố",
        "Hamlets, quarters",
        "Một điểm giữa các nhà của thôn (a point in the middle of its doors)",
        localities,
    ),
    Collection(
        "communes",
        "Xã, phường, đặc khu",
        "Communes",
        "Của ngày bất kỳ; hình thống kê, không phải địa giới pháp lý"
        " (of any day; drawn for statistics, no legal boundaries)",
        communes,
    ),
    Collection(
        "provinces",
        "Tỉnh, thành phố",
        "Provinces",
        "Của ngày bất kỳ; hình thống kê, không phải địa giới pháp lý"
        " (of any day; drawn for statistics, no legal boundaries)",
        provinces,
    ),
    Collection(
        "offices",
        "Bưu cục",
        "Offices",
        "Bưu cục, quầy của các hãng (offices and counters of carriers)",
        offices,
    ),
    Collection(
        "service_areas",
        "Vùng phục vụ",
        "Service areas",
        "Vùng mà các hãng vẽ; vùng theo xã, theo mã không có ở đây"
        " (as carriers drew them, on any day; those by communes or codes are not here)",
        service_areas,
    ),
)
COLLECTIONS: Final = {collection.id: collection for collection in _ALL}


def collection_named(name: str) -> Collection:
    """The collection; raises NotFoundError where there is none of that name."""
    found = COLLECTIONS.get(name)
    if found is None:
        raise NotFoundError(
            f"không có lớp này; có {', '.join(COLLECTIONS)} (there is no such collection)"
        )
    return found
