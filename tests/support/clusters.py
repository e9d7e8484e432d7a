"""Clusters of a test's own, which it may kill: a register, and a streaming standby of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from registry.ops import cluster
from registry.ops.cluster import PrivateCluster
from tests.support.postgis import copy_cluster, lay_prepared, new_folder


@contextmanager
def register_cluster(admin_url: str) -> Iterator[PrivateCluster]:
    """A register in a cluster of its own, with schema and seeds."""
    with empty_cluster() as made:
        lay_prepared(admin_url, made.data_dir)
        with running(made):
            yield made


@contextmanager
def standby_of(primary: PrivateCluster) -> Iterator[PrivateCluster]:
    """A streaming standby of a running cluster."""
    with empty_cluster() as made:
        copy_cluster(primary, made.data_dir, "--write-recovery-conf")
        with running(made):
            yield made


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
