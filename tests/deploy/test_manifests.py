"""What containers are started by fits the program: settings, secrets, probes, locked packages."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from registry.core.settings import ROOT, unknown_variables

KUBERNETES = ROOT / "deploy" / "kubernetes"
VERSION = "1.32"


def rendered() -> Iterator[dict[str, Any]]:
    """As `kubectl apply -k` would send them; the files themselves without kubectl."""
    if shutil.which("kubectl"):
        command = ["kubectl", "kustomize", KUBERNETES]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        yield from yaml.safe_load_all(text)
        return
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))
    for name in listed["resources"]:
        yield from yaml.safe_load_all((KUBERNETES / name).read_text(encoding="utf-8"))


def test_manifests_are_valid_for_kubernetes() -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="needs requirements.lock")
    kinds = []
    for manifest in rendered():
        validator.validate(manifest, VERSION, strict=True)
        kinds.append(manifest["kind"])
    assert sorted(kinds) == [
        *("ConfigMap", "Deployment", "Deployment", "PersistentVolumeClaim", "Service")
    ]


def test_pods_have_probes_and_few_privileges() -> None:
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]
        for each in rendered()
        if each["kind"] == "Deployment"
    }
    web = pods["diachiso-web"]
    assert {name: web[name]["httpGet"]["path"] for name in web if name.endswith("Probe")} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    for pod in pods.values():
        assert pod["securityContext"]["readOnlyRootFilesystem"]
        assert pod["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_environment_variables_are_known_settings() -> None:
    (settings,) = [each["data"] for each in rendered() if each["kind"] == "ConfigMap"]
    # Read while their files are not there.
    assert unknown_variables({**settings, "DATABASE_URL": "postgresql://x"}) == []
    assert unknown_variables({"DIACHISO_FILE": "x"}) == ["DIACHISO_FILE"]


def test_compose_containers_are_locked_down_with_declared_secrets() -> None:
    compose = yaml.safe_load((ROOT / "deploy/container/compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == {"web", "worker", "database"}
    for name in ("web", "worker"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert set(services[name]["environment"]) == {"DATABASE_URL_FILE"}
    for kind in ("secrets", "volumes"):
        used = {each.partition(":")[0] for service in services.values() for each in service[kind]}
        assert used == set(compose[kind])


LOCKED = re.compile(r"(?m)^([a-z][^ ]+==[^\n]+(?:\n    --hash[^\n]+)+)")


def test_server_lock_is_a_subset_of_the_full_lock() -> None:
    whole, server = (
        {entry.replace(" \\", "") for entry in LOCKED.findall((ROOT / name).read_text())}
        for name in ("requirements.lock", "requirements-server.lock")
    )
    assert server
    names = {re.sub(r" ;.*", "", entry) for entry in whole}
    assert {re.sub(r" ;.*", "", entry) for entry in server} <= names
