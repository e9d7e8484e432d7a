"""Blank workbooks of small tables."""

from werkzeug.wrappers import Response as BaseResponse

from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint
from api.desk.target_files import content_of, download
from registry.coverage.target_rows import TABLE as TARGETS
from registry.publish.services.rows import TABLE as SERVICES

blueprint = desk_blueprint("templates")


@blueprint.get("/targets/template.xlsx")
@signed_in_page("approver")
def get_targets_template() -> BaseResponse:
    """Blank workbook for numbers of households."""
    return download("xlsx", "mau-tong-so-ho", content_of(TARGETS.write_template))


@blueprint.get("/services/template.xlsx")
@signed_in_page("carrier")
def get_services_template() -> BaseResponse:
    """Blank workbook for areas and offices."""
    return download("xlsx", "mau-vung-phuc-vu", content_of(SERVICES.write_template))
