"""A cluster's settings: errors are reported one per line, and valid settings become files."""

import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from deploy.cluster.__main__ import main
from registry.core.settings import ROOT
from registry.ops.cluster import host
from tests.support.folders import open_folder

EXAMPLE = (ROOT / "deploy/cluster/example.toml").read_text(encoding="utf-8")
CERTIFICATE = '/etc/diachiso/tls/node.pem"'
STORE = '[backups]\nstore = ["repo1-path=/srv/diachiso-backups"]\n'
N3 = 'name = "n3"\naddress = "10.0.0.13"\nroles = ["etcd", "database"]'

WRONG = {
    "no_toml": ("[ports]", "[ports"),
    "wrong_setting: ports.web": ("web = 7010", "web = 99999"),
    "wrong_setting: nodes.1.address": ("10.0.0.12", "10.0.0.300"),
    "wrong_setting: paths.dta is no setting; write data": (
        'data = "/var/lib/p',
        'dta = "/var/lib/p',
    ),
    'wrong_setting: postgresql.shared_buffers is "8 Gb"; write a whole number and kB, MB or GB': (
        '"8GB"',
        '"8 Gb"',
    ),
    "wrong_setting: postgresql.version is not there; add it": ("version = 17\n", ""),
    "wrong_setting: nodes.0.primary is 1.5; write true or false": (
        "primary = true",
        "primary = 1.5",
    ),
    "wrong_setting: backups.store.0": ("repo1-path=", "path="),
    "two_of_a_name: two nodes are called n1": ('name = "n2"', 'name = "n1"'),
    "two_of_an_address": ("10.0.0.12", "10.0.0.11"),
    "two_of_a_port: ports.writer and ports.readers": ("readers = 7006", "readers = 7005"),
    "two_primaries: n1 and n3": (N3, N3 + "\nprimary = true"),
    "etcd_members: 2": (N3, N3.replace('"etcd", ', "")),
    "too_few_databases: 2": (N3, N3.replace(', "database"', "")),
    "primary_without_database: n1": (
        '"database", "gate", "web", "worker"]\nprimary',
        '"gate", "web", "worker"]\nprimary',
    ),
    "etcd_beside_database: etcd and database are both on n1, n2, n3": (
        'watchdog = "required"',
        'watchdog = "off"',
    ),
    "web_without_gate: n3": (N3, N3.replace('"etcd"', '"etcd", "web"')),
    "paths_overlap: paths.data and paths.etcd": (
        "/var/lib/etcd/",
        "/var/lib/postgresql/17/diachiso/",
    ),
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with passwords, and the example that names them."""
    text = EXAMPLE.replace("/etc/diachiso/passwords", str(tmp_path))
    for name in ("superuser", "replication", "patroni", "manager", "program", "web"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(f"{name}-0123456789abcdef\n")
    (tmp_path / "cluster.toml").write_text(text, encoding="utf-8")
    return tmp_path


def run_cluster(*arguments: object) -> tuple[int, list[str]]:
    """Exit status and lines of `bin/cluster`."""
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    return result.exit_code, result.stdout.splitlines()


@pytest.mark.parametrize("complaint", WRONG)
def test_invalid_settings_are_reported_in_one_line(files: Path, complaint: str) -> None:
    settings = files / "cluster.toml"
    text = settings.read_text(encoding="utf-8")
    old, new = WRONG[complaint]
    assert old in text
    settings.write_text(text.replace(old, new), encoding="utf-8")
    for command in (["check", settings, "--file-only"], ["render", settings, files / "out"]):
        status, lines = run_cluster(*command)
        assert status == 1
        assert any(line.startswith(complaint) and "; " in line for line in lines), lines
    assert not (files / "out").exists()


def test_bad_password_files_are_reported_before_anything_is_written(files: Path) -> None:
    (files / "web").unlink()
    (files / "program").unlink()
    (files / "patroni").chmod(0o644)
    (files / "manager").write_text("a b")
    status, lines = run_cluster("render", files / "cluster.toml", files / "out")
    assert status == 1
    assert [line.partition(":")[0] for line in lines] == [
        *("no_password", "open_password", "odd_password")
    ]
    assert not (files / "out").exists()


def test_generated_files_are_consistent(files: Path) -> None:
    assert run_cluster("render", files / "cluster.toml", files / "out")[0] == 0
    patroni = {
        name: yaml.safe_load((files / f"out/{name}/etc/patroni/config.yml").read_text())
        for name in ("n1", "n2", "n3")
    }
    assert {each["name"] for each in patroni.values()} == {"n1", "n2", "n3"}
    dcs = patroni["n1"]["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] == "quorum"
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]
    assert patroni["n3"]["etcd3"]["hosts"] == [f"10.0.0.1{n}:7001" for n in (1, 2, 3)]
    store = (files / "out/n3/etc/diachiso/pgbackrest.conf").read_text()
    assert "\nrepo1-path=/srv/diachiso-backups\n" in store
    assert f"\npg1-path={patroni['n3']['postgresql']['data_dir']}\n" in store
    for name, setting in (("archive-push", "parameters"), ("archive-get", "recovery_conf")):
        assert name in str(patroni["n3"]["postgresql"][setting])
    pool = (files / "out/n2/etc/pgbouncer/pgbouncer.ini").read_text()
    assert "host=10.0.0.12 port=7005" in pool
    assert "@10.0.0.12:7007/diachiso_read" in (files / "out/n2/etc/diachiso/web.env").read_text()
    assert not (files / "out/n3/etc/haproxy").exists()
    for path in (files / "out").rglob("*"):
        assert path.is_dir() or path.stat().st_mode & 0o077 == 0, path


OLD, NEW = (Path(f"/usr/lib/postgresql/{major}/bin") for major in (15, 17))


@pytest.mark.thorough
@pytest.mark.skipif(
    not (OLD / "initdb").exists() or not (NEW / "pg_upgrade").exists(),
    reason="needs two versions of PostgreSQL",
)
def test_data_of_an_older_version_is_adopted(files: Path) -> None:
    with open_folder() as folder:
        account = host.account_for(folder / "-")
        host.make_private_folder(folder / "old", account)
        as_ours = ("--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums")
        account.run(OLD / "initdb", "-D", folder / "old/data", *as_ours, "--no-sync")
        account.write(folder / "old/data/patroni.dynamic.json", '{"ttl": 20}')
        settings = files / "cluster.toml"
        data = folder / "old/17/diachiso"
        text = settings.read_text(encoding="utf-8")
        text = text.replace("/var/lib/postgresql/17/diachiso", str(data))
        settings.write_text(text, encoding="utf-8")
        assert run_cluster("render", settings, files / "out")[0] == 0
        script = (files / "out/n1/etc/diachiso/upgrade.sh").read_text()
        upgrade = ("/bin/sh", "-s", OLD, folder / "old/data")
        looked = account.run(*upgrade, text=script)
        assert looked.returncode == 0, looked.stdout + looked.stderr
        assert not data.exists()
        for status in (0, 1):  # and never over existing files
            done = account.run(*upgrade, "--link", text=script)
            assert done.returncode == status, done.stdout + done.stderr
        assert (data / "PG_VERSION").read_text() == "17\n"
        assert (data / "patroni.dynamic.json").exists()


def test_nothing_is_archived_without_a_store(files: Path) -> None:
    settings = files / "cluster.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(STORE, ""), encoding="utf-8")
    assert run_cluster("render", settings, files / "out")[0] == 0
    patroni = (files / "out/n1/etc/patroni/config.yml").read_text()
    assert "archive" not in patroni
    assert not (files / "out/n1/etc/diachiso/pgbackrest.conf").exists()


def machine(files: Path, **differs: str) -> Path:
    """Runs the shell of a machine like this one, but for a program of its own each."""
    programs = {
        "dpkg-query": "case $4 in *postgis*) echo 3.5.2+dfsg-1;; *) echo 17.5-1;; esac",
        "stat": "echo $$",
        "ls": "exit 0",
    }
    folder = files / "programs"
    folder.mkdir()
    for name, script in {**programs, **differs}.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    asker = files / "asker"
    asker.write_text(f"#!/bin/sh\nexport NODE=$1 PATH={folder}:$PATH\nexec sh\n")
    asker.chmod(0o755)
    return asker


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that names all three machines."""
    path = tmp_path_factory.mktemp("tls") / "node.pem"
    names = ",".join(f"IP:10.0.0.1{n}" for n in (1, 2, 3))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"]
    files = ["-addext", f"subjectAltName={names}", "-keyout", "/dev/null", "-out", path]
    subprocess.run(["openssl", "req", "-x509", *curve, *files], check=True, capture_output=True)
    return path


MACHINES = {
    "": {},
    "not_installed: n2 has no haproxy": {
        "dpkg-query": "case $NODE$4 in 10.0.0.12haproxy) exit 1;; esac; echo 17.5-1"
    },
    "versions_differ: postgis differs: n1 3.5, n2 3.5, n3 3.3": {
        "dpkg-query": "case $NODE$4 in 10.0.0.13*postgis*) echo 3.3.7-1;; *postgis*) echo 3.5.2;;"
        " *) echo 17.5-1;; esac"
    },
    "versions_differ: postgresql differs": {
        "dpkg-query": "case $NODE$4 in *postgis*) echo 3.5.2;; 10.0.0.13*) echo 16.2-1;;"
        " *) echo 17.5-1;; esac"
    },
    "clock_is_off: the clock of n1 is 4": {
        "date": '[ $NODE = 10.0.0.11 ] && exec /bin/date -d "45 seconds ago" "$@"; /bin/date "$@"'
    },
    "no_watchdog: n2": {"ls": "[ $NODE != 10.0.0.12 ]"},
    "etcd_shares_a_disk: on n3": {"stat": "echo 7"},
    "node_does_not_answer: n2": {"date": "[ $NODE = 10.0.0.12 ] && kill $PPID; /bin/date +%s.%N"},
    "wrong_certificate: CERTIFICATE of n1 has expired": {
        "openssl": 'case "$*" in *"checkend 0") exit 1;; esac'
    },
    "wrong_certificate: CERTIFICATE of n3 does not name": {
        "openssl": 'case "$*" in *checkip*) echo does NOT match certificate;; esac'
    },
}


@pytest.mark.parametrize("complaint", MACHINES)
def test_check_reads_the_machines_without_changing_them(
    files: Path, certificate: Path, complaint: str
) -> None:
    settings = files / "cluster.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(CERTIFICATE, f'{certificate}"'), encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in files.iterdir()}
    status, lines = run_cluster("check", settings, "--ask", machine(files, **MACHINES[complaint]))
    wanted = complaint.replace("CERTIFICATE", str(certificate))
    assert status == bool(complaint), lines
    assert not complaint or any(line.startswith(wanted) and "; " in line for line in lines), lines
    assert {path: path.stat().st_mtime_ns for path in before} == before
