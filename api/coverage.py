"""Coverage: households with a code against households that there are."""

import datetime
from typing import Literal

from flask import Blueprint, Response, jsonify
from pydantic import Field

from api.context import gazetteer, register
from api.errors import PROVINCE_CODE
from api.openapi import Answer, Request, answers, spec
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.database import session_scope

blueprint = Blueprint("coverage", __name__, url_prefix="/v1/coverage")


class CoverageUnitQuery(Request):
    """What is counted."""

    demo: bool = Field(
        False, description="Count demonstration codes too, which begin with 0 and name no real door"
    )


class CoverageQuery(CoverageUnitQuery):
    """Which units are listed."""

    level: Literal["province", "commune"] = "province"
    province: str | None = Field(
        None, pattern=PROVINCE_CODE, description="Code of a province: it alone, or its communes"
    )


class CoverageProvince(Answer):
    """The province of a commune."""

    code: str
    name: str = Field(examples=["Thành phố Hà Nội"])


class CoverageTarget(Answer):
    """Tổng số hộ: the newest declared count, else the census, else an estimate."""

    households: int
    quality: Literal["declared", "census", "estimate"]
    quality_label: str = Field(examples=["ước tính"])
    source: str
    reference_date: datetime.date = Field(description="Day that the number describes")


class CoverageOfUnit(Answer):
    """One unit. Shares are of 1, cut after six places, null where there is nothing to divide by."""

    code: str
    level: Literal["province", "commune"]
    name: str = Field(examples=["Phường Ba Đình"])
    province: CoverageProvince | None
    target: CoverageTarget | None
    households: int = Field(description="Hộ of the active records; several may share one")
    share: float | None = Field(description="households of target.households; above 1 as it is")
    deficit: int | None = Field(description="target.households less households")
    dwellings: int = Field(description="Active records of dwellings")
    positioned: int = Field(description="Of the dwellings, those with a point of 20 m or better")
    share_positioned: float | None
    verified: int = Field(description="Of the dwellings, those verified within 24 months")
    share_verified: float | None


class CoverageAnswer(Answer):
    """Units by code."""

    units: list[CoverageOfUnit]


@blueprint.get("")
@spec.validate(resp=answers(CoverageAnswer, 400, 404, 503), tags=["coverage"])
def list_coverage(query: CoverageQuery) -> Response:
    """Coverage of all provinces or communes, or of those of one province."""
    known = gazetteer()
    with session_scope(register().read_engine) as session:
        found = coverage_of_level(
            session, known, query.level, province=query.province, demo=query.demo
        )
    return jsonify({"units": [unit.to_dict() for unit in found.units]})


@blueprint.get("/<code>")
@spec.validate(resp=answers(CoverageAnswer, 400, 404, 503), tags=["coverage"])
def get_coverage(code: str, query: CoverageUnitQuery) -> Response:
    """Coverage of one province or commune.

    A unit that exists no longer is not found; `successors` name the units that continue it.
    """
    known = gazetteer()
    with session_scope(register().read_engine) as session:
        found = coverage_of_unit(session, known, code, demo=query.demo)
    return jsonify({"units": [unit.to_dict() for unit in found.units]})
