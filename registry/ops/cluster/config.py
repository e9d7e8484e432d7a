"""The settings of a private cluster, for a small dedicated server."""

from pathlib import Path
from typing import Final

from registry.ops.cluster.archive import Archive
from registry.ops.cluster.host import memory_bytes, shared_memory_bytes

MB: Final = 1024 * 1024

HOST_BASED_ACCESS: Final = """\
# Written by diachiso. No password is needed, because the only way in is a socket in a folder that
# nobody can enter but this cluster's account, that of the web server, and root; TCP is switched
# off altogether.
local all all trust
local replication all trust
"""


def settings_file(
    *, cluster_name: str, socket_dir: Path, port: int, throwaway: bool, archive: Archive | None
) -> str:
    """Return the text of `diachiso.conf`. A throwaway cluster trades durability for speed."""
    lines = {
        "cluster_name": f"'{cluster_name}'",
        "listen_addresses": "''",
        "unix_socket_directories": f"'{socket_dir}'",
        "unix_socket_permissions": "0777",  # its folder restricts access
        "port": str(port),
        "timezone": "'UTC'",
        "lc_messages": "'C'",
        **_resources(throwaway=throwaway),
        **_logging(),
        **(_throwaway() if throwaway else _durable()),
        **(archive.server_settings if archive else {}),
    }
    head = "# Written by diachiso at every start; ALTER SYSTEM overrides it.\n"
    return head + "".join(f"{name} = {value}\n" for name, value in lines.items())


def _resources(*, throwaway: bool) -> dict[str, str]:
    memory_mb = memory_bytes() // MB
    shared_buffers_mb = max(64, min(memory_mb // 4, 128 if throwaway else 4096))
    lines = {
        "shared_buffers": f"{shared_buffers_mb}MB",
        "effective_cache_size": f"{max(256, memory_mb * 6 // 10)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(64, min(memory_mb // 16, 1024))}MB",
        # On SSDs a random page costs hardly more than a sequential one.
        "random_page_cost": "1.1",
        "effective_io_concurrency": "100",
        # JIT compilation takes longer than the short queries of this program.
        "jit": "off",
    }
    if shared_memory_bytes() < 512 * MB:
        # Parallel queries would fail with a container's 64 MB of /dev/shm.
        lines["dynamic_shared_memory_type"] = "mmap"
    return lines


def _logging() -> dict[str, str]:
    return {
        # Daily files, each overwritten after a week.
        "logging_collector": "on",
        "log_directory": "'log'",
        "log_filename": "'postgresql-%a.log'",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_checkpoints": "off",
        # Statements, parameters and error details contain people's addresses.
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_error_verbosity": "terse",
    }


def _durable() -> dict[str, str]:
    return {
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "wal_compression": "lz4",
        "checkpoint_timeout": "15min",
    }


def _throwaway() -> dict[str, str]:
    return {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_wal_size": "1GB",
        "autovacuum_naptime": "1h",
        "max_connections": "200",
        # Otherwise each of thousands of short connections loads it, in a hundredth of a second.
        "shared_preload_libraries": "'postgis-3'",
    }
