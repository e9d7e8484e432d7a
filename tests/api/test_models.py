"""Responses have exactly the members of the types that describe them."""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft202012Validator

from api.document.schemas import Schemas
from api.v1.addresses import Address
from api.v1.autocomplete import SuggestionList
from api.v1.features import FeatureCollection
from api.v1.geocode import Found, Geocoded
from api.v1.units import Conversions, Picker, UnitDetail, UnitList
from api.v1.validate import ValidationAnswer
from api.v1.whoami import WhoAmI
from tests.support.web import Site

ADDRESS = "Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Đống Đa, Hà Nội"
FLAT = "P1205 CT1, 1 Huỳnh Thúc Kháng, Phường Láng, Hà Nội"
DOORS = ("27 Láng", "CT1", "flat 1205", "6 Tổ 7 Khu phố 1", "no number Thôn 3")
TEXTS = (
    *(ADDRESS, FLAT, "9 Nguyễn Trãi, Phường Láng, Hà Nội", "Hà Nội", "27 Láng", "!!!"),
    *("Thôn 3, Phường Láng, Hà Nội", "P. Trúc Bạch", "11 Hoàng Sa, Ba Đình", "27 Láng, USA"),
)


def mistyped(site: Site) -> str:
    """A code of which only the check is wrong."""
    code = site.world.codes["27 Láng"]
    return code[:-1] + ("2" if code[-1] != "2" else "3")


def asked(site: Site) -> Iterator[tuple[Any, str, str, dict[str, Any]]]:
    """Response type, method, path and request body."""
    for text in (*TEXTS, mistyped(site)):
        yield Geocoded, "GET", "/v1/geocode", {"q": text, "explain": "true"}
        yield Found, "POST", "/v1/geocode", {"q": text}
        yield ValidationAnswer, "POST", "/v1/validate", {"address": text}
        yield SuggestionList, "GET", "/v1/autocomplete", {"q": text}
    for name in DOORS:
        yield Address, "GET", f"/v1/addresses/{site.world.codes[name]}", {}
    for point in ({"lon": 105.806, "lat": 21.0211, "limit": 5}, {"lon": 105.5, "lat": 21.3}):
        yield FeatureCollection, "GET", "/v1/reverse", point
    yield SuggestionList, "GET", "/v1/autocomplete", {"q": "lang"}
    yield UnitDetail, "GET", "/v1/units/00199", {}
    yield UnitList, "GET", "/v1/units", {"q": "lang"}
    yield Picker, "GET", "/v1/units/picker", {}
    yield Conversions, "GET", "/v1/units/convert", {"text": "P. Láng Hạ, Q. Đống Đa"}
    yield WhoAmI, "GET", "/v1/whoami", {}


def test_answers_have_the_members_of_their_types(site: Site) -> None:
    misfits = []
    schemas = Schemas()
    for answer, method, path, sent in asked(site):
        form = {"query_string": sent} if method == "GET" else {"json": sent}
        response = site.client.open(path, method=method, **form)
        assert response.status_code == 200, (path, sent, response.text)
        reference = schemas.reference(answer, "serialization")
        schema = reference | {"components": {"schemas": schemas.by_name}}
        errors = Draft202012Validator(schema).iter_errors(response.get_json())
        misfits += [(path, sent, f"{e.instance_path}: {e.message}") for e in errors]
    assert misfits == []
