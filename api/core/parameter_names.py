"""Suggestions for unknown parameters, and for swapped coordinates."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, Final

from geo.text import fold

_SYNONYMS: Final = {
    "commune": "ward ward_code ward_name commune_code phuong xa phuong_xa xa_phuong",
    "district": "county district_code district_name quan huyen quan_huyen",
    "province": "city province_code province_name state region tinh thanh_pho tinh_thanh",
    "street": "road street_name thoroughfare duong pho ten_duong",
    "house_number": "number house no housenumber street_number so so_nha",
    "unit": "flat apartment apt room can_ho phong",
    "locality": "hamlet village thon ap to",
    "building": "block toa toa_nha chung_cu",
    "address": "q query text full_address address_line address1 line1 dia_chi",
    "q": "query text search keyword address full_address dia_chi term",
    "lon": "lng long longitude x kinh_do",
    "lat": "latitude y vi_do",
    "radius_m": "radius distance",
    "limit": "size count per_page page_size max top n",
    "offset": "skip start from",
    "within": "unit bounds in",
    "as_of": "date day at",
    "code": "id ma address_code",
}
"""Parameter → its names in other programs."""
_SIMILARITY: Final = 0.8


def suggest_parameter(given: str, known: Collection[str]) -> str | None:
    """Return the parameter of `known` with this synonym or a similar name.

    >>> suggest_parameter("ward", ["commune", "street"])
    'commune'
    >>> suggest_parameter("Số nhà", ["house_number"])
    'house_number'
    >>> suggest_parameter("provnce", ["province"]), suggest_parameter("colour", ["province"])
    ('province', None)
    """
    name = "_".join(fold(given).replace("-", " ").replace("_", " ").split())
    for ours in known:
        if name == ours or name in _SYNONYMS.get(ours, "").split():
            return ours
    return next(iter(get_close_matches(name, known, 1, _SIMILARITY)), None)


def is_longitude(given: Any) -> bool:
    """Whether a latitude out of range would be a longitude in Viet Nam.

    >>> is_longitude("105.85"), is_longitude(95.0), is_longitude("x")
    (True, False, False)
    """
    try:
        return 102 <= float(given) <= 118
    except (TypeError, ValueError):
        return False
