"""Probes of the private cluster: it exists and runs, and its disk has room."""

import shutil
from typing import Final

from registry.core.messages import Message
from registry.ops import cluster
from registry.ops.probes.probe import Finding, Need, Subject, failure, ok, probe, warning

_GIB: Final = 1 << 30
_TIGHT_BYTES: Final = 5 * _GIB
_FULL_BYTES: Final = _GIB // 2
"""PostgreSQL stops when it cannot write its log: leave room for some of its 16 MB segments."""


@probe(hint=Message("advice_start_or_set"), need=Need.NOTHING)
def private_cluster(subject: Subject) -> Finding:
    """The private cluster runs, unless DATABASE_URL names a database."""
    if subject.settings.database_url:
        return ok(Message("cluster_not_used"))
    private = cluster.locate(subject.settings)
    if not private.is_initialised():
        return failure(Message("cluster_not_created", folder=private.data_dir))
    pid = private.running_pid()
    if pid is None:
        return failure(Message("cluster_server_stopped", folder=private.data_dir))
    return ok(f"{private.data_dir}, pid {pid}")


@probe(hint=Message("advice_free_var_disk"), need=Need.NOTHING)
def disk_space(subject: Subject) -> Finding:
    """The disk of the private cluster has room."""
    if subject.settings.database_url:
        return ok(Message("cluster_not_used"))
    folder = cluster.locate(subject.settings).data_dir
    while not folder.exists():  # the disk on which it will be created
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = Message("disk_free", free=free / _GIB, folder=folder)
    if free < _FULL_BYTES:
        return failure(detail)
    return warning(detail) if free < _TIGHT_BYTES else ok(detail)
