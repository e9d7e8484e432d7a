"""Maps of shares: every unit, the archipelagos with their names, and what the drawing is not."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest
import shapely
from sqlalchemy.orm import Session

from registry.coverage import shapes
from registry.coverage.choropleth import CELLS, NOT_A_BOUNDARY, Figure, draw_choropleth, draw_legend
from registry.coverage.palette import CLASSES, LEGEND
from registry.coverage.shapes import Drawing, Shape, country_drawing, province_drawing
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, today

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def country(session: Session, gazetteer: Gazetteer) -> Drawing:
    return country_drawing(session, gazetteer, today())


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_country_drawing_labels_every_province_and_both_archipelagos(
    country: Drawing,
) -> None:
    svg = draw_choropleth(country, {"48": Figure(0.97, estimate=True)}, title="Cả nước")

    drawn = ElementTree.fromstring(svg)
    paths = [each.get("data-code") for each in drawn.iter(f"{SVG}path") if each.get("data-code")]
    assert len(set(paths)) == 34
    found = texts(svg)
    for name in ("Quần đảo Hoàng Sa", "Quần đảo Trường Sa"):
        assert name in found
    assert "(Thành phố Đà Nẵng)" in found
    assert "(Tỉnh Khánh Hòa)" in found
    assert {"Hà Nội", "Hồ Chí Minh"} <= set(found)
    # Coloured by their provinces, and an estimate is one in words as well.
    titles = [each.text for each in drawn.iter(f"{SVG}title")]
    assert "Quần đảo Hoàng Sa: 97,0 % (theo số ước tính)" in titles
    assert "Quần đảo Trường Sa: chưa có tổng số hộ" in titles


def test_drawing_states_that_cells_are_approximate_and_not_boundaries(
    country: Drawing,
) -> None:
    assert country.approximate  # the seeds have no real polygons
    assert {NOT_A_BOUNDARY, CELLS} <= set(texts(draw_choropleth(country, {}, title="x")))
    real = Drawing((Shape("01", "Hà Nội", shapely.box(105, 20, 106, 21), approximate=False),), ())
    found = texts(draw_choropleth(real, {}, title="x"))
    assert NOT_A_BOUNDARY in found
    assert CELLS not in found


def test_province_drawing_shows_its_islands_separately(
    session: Session, gazetteer: Gazetteer
) -> None:
    da_nang = unit_by_code(gazetteer, "48", today())
    found = province_drawing(session, gazetteer, da_nang, today())
    assert len(found.shapes) == 93
    assert [island.name for island in found.islands] == ["Quần đảo Hoàng Sa"]
    ho_chi_minh = unit_by_code(gazetteer, "79", today())
    apart = province_drawing(session, gazetteer, ho_chi_minh, today()).islands
    assert [island.name for island in apart] == ["Đặc khu Côn Đảo"]


def test_drawing_has_no_external_resources_scripts_or_style_sheets(country: Drawing) -> None:
    names = {shape.code: Figure(0.5, estimate=False) for shape in country.shapes}
    svg = draw_choropleth(country, names, title="<b>&", link=lambda code: f"/coverage/{code}")
    assert "<b>" not in svg
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|<style|style=|\son\w+=", svg)
    links = [each.get("href") for each in ElementTree.fromstring(svg).iter(f"{SVG}a")]
    assert "/coverage/48" in links
    assert len(ElementTree.fromstring(draw_legend()).findall("li")) == len(LEGEND)


def test_neighbouring_cells_share_edges_and_unions_have_no_seams() -> None:
    left, right = shapely.box(105, 20, 105.4, 20.8), shapely.box(105.4, 20, 106, 20.8)
    whole = shapes._outline([left, right])
    assert whole.equals(shapely.box(105, 20, 106, 20.8))


def test_colour_scale_darkens_with_readable_text() -> None:
    luminances = [luminance(each.fill) for each in CLASSES]
    assert all(lighter > darker for lighter, darker in pairwise(luminances))
    for each in LEGEND:
        pair = sorted((luminance(each.fill), luminance(each.ink)))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, each


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
