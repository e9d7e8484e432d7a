"""`/metrics`: what Prometheus reads, and that alerts and dashboard use existing metrics."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from registry.core.release import release
from registry.core.settings import ROOT, Settings
from tests.api.test_health import allow_connections
from tests.support.lifecycle import LANG, Town, town
from tests.support.units import open_app

DEPLOY = ROOT / "deploy"
OPEN = replace(Settings(limits=False), open_metrics=True)


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"metrics_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def client(place: Town) -> Iterator[FlaskClient]:
    with open_app(place.url, settings=OPEN) as app:
        yield app.test_client()


def scraped(client: FlaskClient) -> dict[str, dict[str, float]]:
    """Name → labels, as `status=200` → value."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_requests_and_the_register_are_measured(client: FlaskClient, place: Town) -> None:
    # Pools open their connections on first use.
    client.get(f"/v1/addresses/{place.house('31', **LANG)}")
    before = scraped(client).get("diachiso_requests_total", {})
    client.get("/v1/units/00004")
    client.get("/v1/units/99999")
    client.get("/nowhere")
    found = scraped(client)
    requests = found["diachiso_requests_total"]
    for labels in ("endpoint=units.get_unit,status=200", "endpoint=units.get_unit,status=404"):
        assert requests[labels] == before.get(labels, 0) + 1
    assert requests["endpoint=none,status=404"] == before.get("endpoint=none,status=404", 0) + 1
    assert found["diachiso_request_seconds_count"]["endpoint=units.get_unit"] >= 2
    assert found["diachiso_database_up"] == {"": 1}
    for pool in ("reads", "transactions"):
        assert found["diachiso_pool_connections"][f"pool={pool},state=open"] >= 1
        assert found["diachiso_pool_connections"][f"pool={pool},state=waiting"] == 0
        assert found["diachiso_pool_refused"][f"pool={pool}"] == 0
    (build,) = found["diachiso_build_info"]
    assert f"release={release()}" in build
    ((last,),) = place.rows("SELECT extract(epoch FROM max(occurred_at))::float FROM event")
    assert found["diachiso_last_event_timestamp_seconds"][""] == pytest.approx(last, abs=0.01)
    assert found["diachiso_workers"] == {"": 0}
    assert found["diachiso_records_proposed"] == {"": 0}


def test_metrics_are_not_public(place: Town) -> None:
    with open_app(place.url, settings=Settings(limits=False)) as app:
        refused = app.test_client().get("/metrics")
    assert (refused.status_code, refused.get_json()["code"]) == (401, "key_required")


@pytest.mark.thorough
def test_metrics_are_served_without_a_database(
    admin_url: str, fresh_database: Callable[[], str]
) -> None:
    url = fresh_database()
    allow_connections(admin_url, url, allow=False)
    with open_app(url, settings=OPEN) as app:
        found = scraped(app.test_client())
    assert found["diachiso_database_up"] == {"": 0}
    assert "diachiso_build_info" in found
    assert "diachiso_workers" not in found


def test_alerts_and_dashboard_use_existing_metrics(client: FlaskClient, place: Town) -> None:
    """Each alert has a runbook, and each query uses exported metrics."""
    manual = (ROOT / "docs" / "run.md").read_text()
    runbooks = (ROOT / "docs" / "mend.md").read_text()
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    queries = [rule["expr"] for rule in group["rules"]]
    queries += [each["expr"] for panel in dashboard["panels"] for each in panel["targets"]]
    expected = {name.removesuffix("_bucket") for name in scraped(client)}
    documented = set(re.findall(r"diachiso_\w+", manual))
    asked = {
        name.removesuffix("_bucket") for name in re.findall(r"diachiso_\w+", " ".join(queries))
    }
    assert asked <= documented
    # The others have no row before the first import, report, webhook or backup.
    rare = {"imports", "webhooks", "answers_total", "backup_timestamp_seconds"}
    assert asked - expected <= {f"diachiso_{name}" for name in rare}
    for rule in group["rules"]:
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert Path(page) == Path("docs/mend.md")
        assert f"### {rule['alert']}\n" in runbooks
        assert anchor == rule["alert"].lower()
