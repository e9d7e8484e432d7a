"""GET /v1/cell."""

import pytest

from geo import code as codes
from tests.support.web import Site

THERE = "27 Láng, Phường Láng, Hà Nội"


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        (THERE, "label", "27 Phố Láng, Phường Láng, Thành phố Hà Nội"),
        (THERE, "code", "{code}"),
        ("{code}", "commune", "Phường Láng"),
        (THERE, "verdict", "accept"),
        ("27 Láng, Láng Hạ, Đống Đa, Hà Nội", "verdict", "correct"),
        ("!!!", "code", ""),
    ],
)
def test_single_value_of_an_address_is_returned(
    site: Site, text: str, column: str, expected: str
) -> None:
    code = site.world.codes["27 Láng"]
    asked = {"q": text.format(code=code), "column": column}
    response = site.client.get("/v1/cell", query_string=asked)
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    assert response.text == expected.format(code=codes.format(code))


def test_quoted_value_may_contain_commas(site: Site) -> None:
    response = site.client.get("/v1/cell", query_string={"q": THERE, "quoted": "true"})
    assert response.text == '"27 Phố Láng, Phường Láng, Thành phố Hà Nội"'


@pytest.mark.parametrize("asked", [{}, {"q": THERE, "column": "owner"}, {"q": "x" * 3_000}])
def test_invalid_request_is_refused(site: Site, asked: dict[str, str]) -> None:
    assert site.client.get("/v1/cell", query_string=asked).status_code == 422
