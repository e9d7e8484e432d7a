"""What was proposed at the desk of records, and waits for an approver there."""

import re
from typing import Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.access import requires
from api.audit import note
from api.context import gazetteer, register
from api.desk.blueprint import desk_blueprint, desk_page, room
from api.shapes import unit_ref
from geo.code import format as code_display
from registry.database import session_scope
from registry.gazetteer import today
from registry.proposals import proposals
from registry.records import record_wording

blueprint = desk_blueprint("proposals", "/desk/proposals")
room("/desk/proposals", "Đề nghị cấp mã", "Proposals", "viewer")

_PAGE: Final = 100
_PLACE: Final = re.compile(r"([0-9]{1,18})\.([0-9A-Z]{8})")


@blueprint.get("")
@requires("viewer")
def get_proposals() -> BaseResponse:
    """Those of the reader's communes, that wait longest first; each is decided on its own page."""
    known = gazetteer()
    place = _PLACE.fullmatch(request.args.get("after", ""))
    after = (int(place[1]), place[2]) if place else (0, "")
    with session_scope(register().engine) as session:
        found = proposals(session, after=after, limit=_PAGE)
    note(count=len(found))
    return desk_page(
        "desk/proposals.html",
        found=[
            (
                each,
                code_display(each.record.code),
                record_wording(known, today(), each.record).label,
                unit_ref(known.units.get(each.record.unit_id or 0), today()),
            )
            for each in found
        ],
        more=".".join(map(str, found[-1].place)) if len(found) == _PAGE else None,
    )
