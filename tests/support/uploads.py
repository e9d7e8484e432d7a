"""Imports over HTTP in tests: files as bytes, and the jobs done here, in the order of the queue."""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import text as statement
from werkzeug.test import TestResponse

from registry.access.keys import KeyMade
from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.jobs.table import JOBS
from registry.ops.perform import perform
from tests.support.intake import rows
from tests.support.keys import Office, bearer
from tests.support.lifecycle import COMMUNE

_RUN = {job.name: job.run for job in JOBS}
_TODO = "SELECT id, task_name, args FROM jobs.procrastinate_jobs WHERE status = 'todo' ORDER BY id"
_DONE = "UPDATE jobs.procrastinate_jobs SET status = 'succeeded' WHERE id = :id"


def row(number: str, ref: str = "", commune: str = COMMUNE, **fields: str) -> dict[str, str]:
    """A row of a house in Phố Láng."""
    made = {"source_ref": ref, "house_number": number, "street": "Phố Láng"}
    return made | {"commune_code": commune, "longitude": "", "latitude": ""} | fields


def table(*rows: dict[str, str]) -> bytes:
    """A CSV file."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@dataclass(frozen=True)
class Desk:
    """The desk at which files are delivered."""

    office: Office
    settings: Settings

    def send(
        self,
        key: KeyMade,
        file: bytes,
        name: str = "hộ dân.csv",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> TestResponse:
        """Deliver a file as a form."""
        data = {"source": "phường", **fields, "file": (io.BytesIO(file), name)}
        given = bearer(key) | (headers or {})
        return self.office.client.post("/v1/imports", data=data, headers=given)

    def tried(self, key: KeyMade, file: bytes, **fields: Any) -> dict[str, Any]:
        """A delivered file after its dry run."""
        sent = self.send(key, file, **fields)
        assert sent.status_code == 202, sent.text
        self.work()
        return self.seen(key, sent.get_json()["id"])

    def seen(self, key: KeyMade, number: int) -> dict[str, Any]:
        """The import as returned by the API."""
        found = self.office.get(f"/v1/imports/{number}", key)
        assert found.status_code == 200, found.text
        shown: dict[str, Any] = found.get_json()
        return shown

    def ask(self, key: KeyMade, number: int, what: str, **fields: Any) -> TestResponse:
        """Request an action; publishes the first dry run by default."""
        fields = {"verdict": 1} | fields if what == "publish" else fields
        return self.office.client.post(
            f"/v1/imports/{number}/{what}", json=fields, headers=bearer(key)
        )

    def done(self, key: KeyMade, number: int, what: str, **fields: Any) -> dict[str, Any]:
        """What has become of an import when that is done."""
        asked = self.ask(key, number, what, **fields)
        assert asked.status_code == 202, asked.text
        self.work()
        return self.seen(key, number)

    def work(self) -> None:
        """Do the jobs that wait."""
        engine = self.office.place.engine
        with session_scope(engine) as session:
            waiting = session.execute(statement(_TODO)).all()
        for job in waiting:
            perform(_RUN[job.task_name], engine, self.settings, job.args)
            with session_scope(engine) as session:
                session.execute(statement(_DONE), {"id": job.id})


def last_request(engine: Engine) -> object:
    """The id of the request for which the last event was written."""
    ((request,),) = rows(engine, "SELECT scope ->> 'request' FROM event ORDER BY id DESC LIMIT 1")
    return request


def rows_of(response: TestResponse) -> list[dict[str, str]]:
    """The rows of a CSV answer."""
    assert response.status_code == 200, response.text
    text = response.get_data().decode("utf-8-sig")
    response.close()  # of a file that is sent
    return list(csv.DictReader(io.StringIO(text)))


def mapping(**fields: str) -> str:
    """A mapping as a field of a form."""
    return json.dumps(fields)
