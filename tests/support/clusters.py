"""Clusters of a test's own, which it may kill: a register, and a streaming standby of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from registry import cluster
from registry.cluster import PrivateCluster
from registry.prepare import prepare_database
from tests.support.postgis import new_folder


@contextmanager
def register_cluster() -> Iterator[PrivateCluster]:
    """A register in a cluster of its own, with schema and seeds."""
    with empty_cluster() as made:
        made.initialise()
        with running(made):
            made.create_database()
            prepare_database(made.url(), lambda _line: None)
            yield made


@contextmanager
def standby_of(primary: PrivateCluster) -> Iterator[PrivateCluster]:
    """A streaming standby of a running cluster."""
    with empty_cluster() as made:
        copy_to(primary, made, "--write-recovery-conf")
        with running(made):
            yield made


def copy_to(primary: PrivateCluster, made: PrivateCluster, *arguments: str) -> None:
    """Make `made` a copy of a running cluster."""
    copied = made.account.run(
        made.bin_dir / "pg_basebackup",
        f"--pgdata={made.data_dir}",
        f"--dbname={primary.admin_url('postgres')}",
        "--checkpoint=fast",
        *arguments,
    )
    assert copied.returncode == 0, copied.stderr


@contextmanager
def running(made: PrivateCluster) -> Iterator[PrivateCluster]:
    """The cluster while its server runs."""
    server = made.start()
    try:
        yield made
    finally:
        made.stop()
        server.wait()


@contextmanager
def empty_cluster() -> Iterator[PrivateCluster]:
    """A cluster that is not made yet; its folder is short, as a socket's path must be."""
    base = new_folder()
    try:
        yield cluster.throwaway(base)
    finally:
        shutil.rmtree(base, ignore_errors=True)
