"""Blank workbooks of small tables, for who fills them in at the desk."""

import tempfile
from pathlib import Path
from typing import Final

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint
from registry.coverage.target_rows import TABLE as TARGETS
from registry.files.table_file import TableFile
from registry.publish.services.rows import TABLE as SERVICES

blueprint = desk_blueprint("templates")

_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/targets/template.xlsx")
@signed_in_page("approver")
def get_targets_template() -> BaseResponse:
    """A blank for numbers of households."""
    return _template(TARGETS, "tong-so-ho")


@blueprint.get("/services/template.xlsx")
@signed_in_page("carrier")
def get_services_template() -> BaseResponse:
    """A blank for areas and offices."""
    return _template(SERVICES, "vung-phuc-vu")


def _template(table: TableFile, name: str) -> BaseResponse:
    with tempfile.TemporaryDirectory(prefix="diachiso-") as folder:
        path = Path(folder, "template.xlsx")
        table.write_template(path)
        response = Response(path.read_bytes(), content_type=_WORKBOOK)
    response.headers["Content-Disposition"] = f'attachment; filename="mau-{name}.xlsx"'
    return response
