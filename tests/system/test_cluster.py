"""A cluster on this machine as in docs/cluster.md: its primary is killed, and it fails over."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.cluster.trial import OWN_SETTINGS, TRIAL
from registry.core.settings import ROOT
from tests.support.folders import open_folder
from tests.support.running import clean_environment
from tests.support.waiting import eventually

MISSING = [each for each in ("patroni", "etcd", "haproxy", "pgbouncer") if not shutil.which(each)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

NETWORK = "127.0.1."
"""Another one than a trial that somebody may have running."""
Kit = Callable[..., str]


@pytest.fixture
def kit() -> Iterator[Kit]:
    """bin/cluster on a trial of this test's own."""
    with open_folder() as var:
        (var / "trial").mkdir()
        settings = TRIAL.read_text(encoding="utf-8")
        # One web node and worker are enough here.
        for old, new in (
            ("127.0.0.", NETWORK),
            ('"gate", "web", "worker"]\nprimary', '"gate"]\nprimary'),
        ):
            assert old in settings
            settings = settings.replace(old, new)
        (var / "trial" / OWN_SETTINGS).write_text(settings, encoding="utf-8")

        def run(*arguments: str) -> str:
            done = subprocess.run(
                [ROOT / "bin/cluster", *arguments],
                env={**clean_environment(), "DIACHISO_VAR": str(var)},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        try:
            yield run
        finally:
            run("down", "--remove")
            assert not processes_of(var)


def processes_of(var: Path) -> list[str]:
    """Command lines of what still runs in the trial's folder."""
    lines = [
        p.read_bytes().replace(b"\0", b" ").decode() for p in Path("/proc").glob("[0-9]*/cmdline")
    ]
    return [line for line in lines if str(var) in line]


def test_cluster_fails_over_when_its_primary_is_killed(kit: Kit) -> None:
    def primary() -> str | None:
        nodes = json.loads(kit("status", "--format", "json"))
        named = [each["node"] for each in nodes if "primary" in each.get("postgres", "")]
        return named[0] if named else None

    kit("up")
    first = primary()
    assert first == "n1"
    street = ["--commune", "00199", "--street", "Phố Láng"]
    kit("diachiso", "operation", "name-street", *street)
    rights = ["--role", "approver", "--unit", "00199", "--alone"]
    key = kit("diachiso", "keys", "create", "Thử", *rights).strip()

    def asked(method: str, path: str, **named: Any) -> requests.Response | None:
        try:
            answer = requests.request(
                method,
                f"http://{NETWORK}12:7000{path}",
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
                **named,
            )
        except requests.ConnectionError:
            return None
        assert answer.status_code in (200, 201, 503), answer.text
        return answer if answer.ok else None

    def write(number: str) -> str:
        body = {"commune": "00199", "street": "Phố Láng", "house_number": number}
        point = {"lon": 105.806, "lat": 21.0211}
        propose = "/v1/operations/propose"
        answer = eventually(
            lambda: asked("POST", propose, json={**body, **point}), f"{number} written"
        )
        assert answer
        return str(answer.json()["records"][0]["code"])

    before = write("31")
    kit("kill", first, "postgres")
    after = write("33")
    # The Patroni of the killed node may report the former state for a moment.
    eventually(lambda: primary() not in (None, first), "another primary")
    assert after != before
    for code, number in ((before, "31"), (after, "33")):
        answer = eventually(lambda code=code: asked("GET", f"/v1/addresses/{code}"), "read")
        assert answer
        assert number in answer.json()["label"]
