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
    with _empty_cluster() as made:
        made.initialise()
        with _running(made):
            made.create_database()
            prepare_database(made.url(), lambda _line: None)
            yield made


@contextmanager
def standby_of(primary: PrivateCluster) -> Iterator[PrivateCluster]:
    """A streaming standby of a running cluster."""
    with _empty_cluster() as made:
        copied = made.account.run(
            made.bin_dir / "pg_basebackup",
            f"--pgdata={made.data_dir}",
            f"--dbname={primary.admin_url('postgres')}",
            "--write-recovery-conf",
            "--checkpoint=fast",
        )
        assert copied.returncode == 0, copied.stderr
        with _running(made):
            yield made


@contextmanager
def _running(made: PrivateCluster) -> Iterator[None]:
    server = made.start()
    try:
        yield
    finally:
        made.stop()
        server.wait()


@contextmanager
def _empty_cluster() -> Iterator[PrivateCluster]:
    """A cluster that is not made yet; its folder is short, as a socket's path must be."""
    base = new_folder()
    try:
        yield cluster.throwaway(base)
    finally:
        shutil.rmtree(base, ignore_errors=True)
