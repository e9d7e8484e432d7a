"""The audit log at the desk: who wrote or read much, and who was refused it."""

import datetime
from typing import Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.access import requires
from api.context import gazetteer, register
from api.desk.blueprint import ROLES, desk_blueprint, desk_page, room
from api.pages.shell import words
from registry.access.audit import Wanted, read
from registry.database import session_scope
from registry.days import parse_day
from registry.gazetteer import VIET_NAM

blueprint = desk_blueprint("audit", "/desk/audit")
room("/desk/audit", "Nhật ký", "Audit log", "admin")

_SHOWN: Final = 200


@blueprint.get("")
@requires("admin")
def get_audit() -> BaseResponse:
    """The latest entries, of all or of one key or unit."""
    asked = {name: request.args.get(name, "").strip() for name in ("actor", "unit", "since")}
    wrong, since = "", None
    try:
        since = _beginning_of(asked["since"])
    except ValueError:
        wrong = words("Ngày viết dạng 31/12/2026.", "A day is written 31/12/2026.")
    wanted = Wanted(asked["actor"] or None, asked["unit"] or None, since, "refused" in request.args)
    with session_scope(register().read_engine) as session:
        return desk_page(
            "desk/audit.html",
            422 if wrong else 200,
            entries=list(read(session, gazetteer(), wanted, _SHOWN)),
            most=_SHOWN,
            asked=asked,
            refused=wanted.refused,
            wrong=wrong,
            roles={role: words(*said) for role, said in ROLES.items()},
        )


def _beginning_of(written: str) -> datetime.datetime | None:
    if not written:
        return None
    return datetime.datetime.combine(parse_day(written), datetime.time(), VIET_NAM)
