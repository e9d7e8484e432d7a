"""How fast the register is exported, and in how much memory.

    python -m bench.export DATABASE_URL [--formats geoparquet,csv] [--unit CODE]

DATABASE_URL names a filled register (`bench.coverage` fills one of 2,000,000). Each file is
written by a process of its own, whose largest memory is told; a part of the register beside the
whole shows whether memory grows with the rows. The promise: 150,000 rows a second as GeoParquet.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from registry.core.settings import ROOT

EXPORT = (sys.executable, "-m", "scripts.main", "export")


def export(url: str, out: Path, form: str, unit: str | None) -> tuple[int, float, float, int]:
    """Rows, seconds by the clock, seconds of the program's processor time, and bytes at most."""
    command = [
        *EXPORT,
        "--force",
        "--out",
        str(out),
        "--format",
        form,
        *(("--unit", unit) if unit else ()),
    ]
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    told = process.stdout.read().decode() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        sys.exit(f"the export failed: {told}")
    taken = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows = int(told.rsplit(": ", 1)[1].split()[0].replace(".", ""))
    return rows, taken, processor, usage.ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--formats", default="geoparquet,csv")
    parser.add_argument("--unit", default="79", help="the part beside the whole")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for form in given.formats.split(","):
            for unit in (given.unit, None):
                out = Path(folder) / f"all.{form}"
                rows, taken, processor, most = export(given.url, out, form, unit)
                print(
                    f"{form:12} {unit or 'all':4} {rows:10,} rows {taken:6.1f} s"
                    f" {rows / taken:10,.0f} rows/s; program {processor:5.1f} s,"
                    f" {most / 2**20:4.0f} MB; file {out.stat().st_size / 2**20:5.0f} MB"
                )
                out.unlink()


if __name__ == "__main__":
    main()
