"""A register in which everything is one ward's or the whole country's, and callers of elsewhere."""

import datetime
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from registry.access.keys import KeyMade, NewKey, create_key
from registry.core.database import session_scope
from registry.core.roles import RANK, Role
from registry.core.settings import Settings
from registry.units.gazetteer import today
from tests.registry.reform.conftest import SPLIT, resolution
from tests.support.desk import Seat, sign_in
from tests.support.keys import Office, bearer, office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG
from tests.support.uploads import Desk, row, table

OWN_PROVINCE, OTHER_PROVINCE = "01", "79"
MARK = "riengtu"
"""Stands in everything that nobody elsewhere may read."""
HOOK = f"https://{MARK}.example/hook"
SERVICES = f"service,kind,office,lon,lat,communes\nNhanh,giao,Bưu cục,105.8065,21.0211,{COMMUNE}\n"
_UNWATCHED = (
    "audit_entry|desk_session|service_count.*|admin_unit.*|boundary.*|map_.*|alembic_version|"
    "coverage.*|unit_told.*|gazetteer_state|spatial_ref_sys"
)


@dataclass
class World:
    """What there is, by the names that paths and bodies give it."""

    office: Office
    desk: Desk
    country: KeyMade
    own: KeyMade
    ids: dict[str, Any] = field(default_factory=dict)

    def key(self, name: str, role: Role, *units: str) -> KeyMade:
        """A key that is bound to these units."""
        with session_scope(self.office.place.engine) as session:
            return create_key(session, NewKey(name, role, units))

    def state(self) -> dict[str, object]:
        """A checksum of every table that a request may write to."""
        rows = self.office.place.rows(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE (schemaname = 'public' OR tablename = 'procrastinate_jobs')"
            f" AND tablename !~ '^({_UNWATCHED})$' ORDER BY 1"
        )
        union = " UNION ALL ".join(
            f"SELECT '{name}', sum(hashtextextended(CAST(to_jsonb(t) - 'last_used_at' AS text), 0))"
            f" FROM {name} t"
            for (name,) in rows
        )
        return dict(self.office.place.rows(union))  # type: ignore[arg-type]

    def send_reform(self, key: KeyMade, file: bytes) -> TestResponse:
        """Deliver a resolution."""
        data = {"file": (io.BytesIO(file), "r.yaml")}
        return self.office.client.post("/v1/reforms", data=data, headers=bearer(key))


@contextmanager
def world(admin_url: str, name: str, var: Path) -> Iterator[World]:
    """A ward with one of everything, and what belongs to the whole country."""
    settings = Settings(limits=False, var=var, webhook_hosts=(f"{MARK}.example", "hook.example"))
    with office(admin_url, name, settings) as made:
        country = made.key(f"{MARK} cả nước", "admin")
        own = made.key(f"{MARK} Láng", "approver", approves_own=True)
        here = World(made, Desk(made, replace(settings, database_url=made.place.url)), country, own)
        _places(here)
        _papers(here)
        _deliveries(here)
        _beside(here)
        yield here


def _places(here: World) -> None:
    place, ids = here.office.place, here.ids
    for locality in ("Tổ 1", "Tổ 2"):
        place.do("name-locality", commune=COMMUNE, locality=locality)
    place.street("Phố Vắng")
    ids["record"], ids["other"] = place.house("1", **LANG), place.house("3", **LANG)
    proposed = {"street": "Phố Láng", "house_number": "777", "reason": f"{MARK} đề nghị"}
    asked = here.office.post("propose", here.own, commune=COMMUNE, **proposed)
    ids["proposed"] = asked.get_json()["records"][0]["code"]
    clerk = here.office.key(f"{MARK} một người", "approver")
    end = {"code": place.house("11", **LANG), "reason": f"{MARK} dỡ"}
    ids["pending"] = here.office.post("retire", clerk, **end).get_json()["id"]
    ids["retired"] = place.house("9", **LANG)
    place.retire(ids["retired"])
    (ids["reserved"],) = [r.code for r in place.do("reserve", count=1, commune=COMMUNE).records]
    place.do("issue-plates", codes=[ids["record"]])
    ((ids["street"],),) = place.rows(
        "SELECT id FROM place WHERE class = 'street' AND name = 'Láng'"
    )
    ((ids["vacant"],),) = place.rows(
        "SELECT id FROM place WHERE class = 'street' AND name = 'Vắng'"
    )
    ids["hamlet"], ids["hamlet_2"] = (
        each for (each,) in place.rows("SELECT id FROM place WHERE class = 'locality' ORDER BY id")
    )


def _papers(here: World) -> None:
    issued = here.office.client.post(
        "/v1/certificates",
        json={"code": here.ids["record"], "document_number": MARK},
        headers=bearer(here.own),
    )
    here.ids["certificate"] = issued.headers["Certificate-Number"]
    named = here.office.post("name-street", here.own, commune=COMMUNE, street="Phố Mới")
    here.ids["event"] = named.get_json()["event_id"]
    seat = sign_in(here.office, here.own)
    until = f"{today() + datetime.timedelta(days=7):%d/%m/%Y}"
    opened = seat.post("/desk/field", of="street", id=here.ids["street"], until=until)
    (here.ids["round"],) = re.findall(r"/desk/field/(\d+)", opened.text)[:1]


def _deliveries(here: World) -> None:
    ids, desk = here.ids, here.desk
    file = table(row("21", f"{MARK}-1"), row("", f"{MARK}-2"))
    sent = {"source": f"{MARK} nguồn", "name": f"{MARK}.csv"}
    done = desk.tried(here.own, table(row("19", f"{MARK}-0")), source=f"{MARK} xong", name="x.csv")
    ids["published"] = desk.done(here.own, done["id"], "publish")["id"]
    ids["import"] = desk.tried(here.own, file, **sent)["id"]
    ids["national_import"] = desk.tried(
        here.country, table(row("23", f"{MARK}-3")), source=f"{MARK} cả nước", name=f"{MARK}.csv"
    )["id"]
    ids["reform"] = here.send_reform(here.country, resolution(SPLIT, f"{MARK}/1")).get_json()["id"]
    later = today() + datetime.timedelta(days=9)
    rename = f'changes:\n  - rename: {{unit: "{COMMUNE}", name: Láng Mới}}\n'
    ids["prepared"] = here.send_reform(
        here.country, resolution(rename, f"{MARK}/2", later)
    ).get_json()["id"]
    desk.work()
    client = here.office.client
    asked = client.post(
        f"/v1/reforms/{ids['prepared']}/carry", json={"verdict": 1}, headers=bearer(here.country)
    )
    assert asked.status_code == 202, asked.text
    desk.work()
    ids["staged"] = here.send_reform(here.country, resolution(SPLIT, f"{MARK}/3")).get_json()["id"]


def _beside(here: World) -> None:
    ids, client = here.ids, here.office.client
    address = f"13 Phố {MARK}, phường Láng, Hà Nội"
    fields = {"kind": "new_house", "address": address, **LANG}
    reporter = here.office.key(f"{MARK} bưu tá", "carrier")
    filed = client.post("/v1/reports", json=fields, headers=bearer(reporter))
    assert filed.status_code in (200, 201), filed.text
    ((ids["report"],),) = here.office.place.rows("SELECT max(id) FROM field_report")
    hook = client.post("/v1/webhooks", json={"url": HOOK}, headers=bearer(reporter))
    ids["webhook"] = hook.get_json()["id"]
    file = {"data": f"code\n{ids['record']}\n".encode(), "content_type": "text/csv"}
    path = f"/v1/batches?operation=lookup&file_name={MARK}.csv"
    ids["batch"] = client.post(path, headers=bearer(reporter), **file).get_json()["id"]
    # Nothing is sent: the receiver does not exist.
    path = f"/v1/webhooks/{ids['webhook']}"
    client.patch(path, json={"state": "paused"}, headers=bearer(reporter))
    given = {"operator": f"{MARK} bưu tá"}
    client.post("/v1/services", data=SERVICES, query_string=given, headers=bearer(here.country))
    target = {"unit": COMMUNE, "households": 20_000, "quality": "declared", "source": "UBND"}
    declared = client.post("/v1/targets", json={"targets": [target]}, headers=bearer(here.own))
    assert declared.get_json()["new"] == 1, declared.text
    ((ids["target"],),) = here.office.place.rows("SELECT max(id) FROM target")
    ((ids["key"],),) = here.office.place.rows(
        "SELECT id FROM api_key WHERE name = :n", n=f"{MARK} Láng"
    )


CALLERS: dict[str, tuple[Role, tuple[str, ...]]] = {
    "administrator of another province": ("admin", (OTHER_PROVINCE,)),
    "approver of another ward": ("approver", (ELSEWHERE,)),
    "editor of another ward": ("editor", (ELSEWHERE,)),
    "viewer of another ward": ("viewer", (ELSEWHERE,)),
    "another carrier": ("carrier", ()),
    "a shop": ("merchant", ()),
}


@dataclass
class Asker:
    """One caller, by its key at the API and by its session at the desk."""

    world: World
    key: KeyMade
    role: Role
    seat: Seat
    token: str

    def may(self, role: Role) -> bool:
        """Whether endpoints declared for `role` are open to it."""
        return RANK[self.role] >= RANK[role]

    def ask(self, method: str, path: str, **body: Any) -> TestResponse:
        """The answer to this caller, read to its end; `form` is sent by the desk's session."""
        form, headers = body.pop("form", None), body.pop("headers", {})
        client = self.world.office.client
        if path.startswith(("/desk", "/board")):
            client = self.seat.client
            if method != "GET":
                body["data"] = {"csrf": self.token, **(form or {})}
        else:
            headers = {**bearer(self.key), **headers}
        answer = client.open(path, method=method, headers=headers, **body)
        answer.get_data()
        answer.close()
        return answer


def asker(here: World, name: str, role: Role, units: tuple[str, ...]) -> Asker:
    """A caller with a key of its own."""
    key = here.key(name, role, *units)
    return seated(here, key, role)


def seated(here: World, key: KeyMade, role: Role) -> Asker:
    """A caller with an existing key."""
    seat = sign_in(here.office, key)
    return Asker(here, key, role, seat, seat.form_token())
