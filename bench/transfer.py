"""A register into a transfer file and back, twice: time, memory, size, and whether all is equal.

    python -m bench.transfer URL_OF_A_REGISTER URL_OF_AN_EMPTY_DATABASE FILE

`bench.made_register` makes the register. Each direction is a process of its own.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path


def run(url: str, *words: str) -> str:
    """The command's last line; time and memory are printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.main", "transfer", *words],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    # Of all children so far: the largest of them.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_024
    print(f"{words[0]}: {time.perf_counter() - started:.1f} s, at most {peak:.0f} MB")
    return done.stdout.splitlines()[-1]


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    old, new, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    again = path.with_name(f"again-{path.name}")
    went = run(old, "out", str(path), "--force")
    print(f"{path.stat().st_size / 1e6:.1f} MB")
    came = run(new, "in", str(path))
    back = run(new, "out", str(again), "--force")
    again.unlink()
    print(went, "equal" if went == came == back else f"DIFFERENT: {came}, {back}")


if __name__ == "__main__":
    main()
