"""Probes of the private cluster: it is made and runs, and its disk has room."""

import shutil
from typing import Final

from registry.core.messages import Message
from registry.ops import cluster
from registry.ops.probes.probe import Finding, Need, Subject, failure, ok, probe, warning

_GIB: Final = 1 << 30
_TIGHT_BYTES: Final = 5 * _GIB
_FULL_BYTES: Final = _GIB // 2
"""PostgreSQL ends when it cannot write its log: before that, room for a few of its 16 MB files."""


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
    while not folder.exists():  # not made yet: the disk it will be on
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    said = Message("disk_free", free=free / _GIB, folder=folder)
    if free < _FULL_BYTES:
        return failure(said)
    return warning(said) if free < _TIGHT_BYTES else ok(said)
