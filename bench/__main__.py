"""Measurements: `python -m bench [NAME …]`.

Registers are made in a cluster that is removed at the end, with the settings that `bin/run` gives
its own; with --server they are made there once, and the next run finds them again. Where
DIACHISO_SHARED names the folder of real data, registers have its boundaries.
"""

import argparse
import importlib
import logging
import pkgutil
from pathlib import Path
from typing import Any

import structlog

from bench import scenarios
from bench.harness import Bench, Scenario, record, run
from bench.registers import Registers


def known() -> dict[str, Scenario]:
    """Name → scenario: what the modules of `bench.scenarios` list."""
    names = sorted(module.name for module in pkgutil.iter_modules(scenarios.__path__))
    modules = [importlib.import_module(f"{scenarios.__name__}.{name}") for name in names]
    return {each.name: each for module in modules for each in getattr(module, "SCENARIOS", ())}


def main() -> None:
    every = known()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="of scenarios; --list shows them")
    parser.add_argument("--list", action="store_true", help="show the scenarios")
    parser.add_argument("--server", metavar="URL", help="a superuser's, of a scratch server here")
    parser.add_argument("--households", type=int, default=200_000, help="of made registers")
    parser.add_argument("--seconds", type=float, default=5.0, help="each kind of request repeats")
    parser.add_argument("--sample", type=int, default=500, help="texts, doors or stops drawn")
    parser.add_argument("--show", type=int, default=0, help="examples of wrong answers to print")
    parser.add_argument("--out", type=Path, metavar="FILE", help="put the figures into this JSON")
    given = parser.parse_args()
    if unknown := set(given.names) - every.keys():
        parser.error(f"unknown scenarios: {', '.join(sorted(unknown))}")
    if given.list or not given.names:
        for scenario in every.values():
            print(f"{scenario.name:18} {scenario.summary}")
        return
    # Applications in this process would print a line for each request.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    measured: list[dict[str, Any]] = []
    with Registers.on(given.server) as registers:
        bench = Bench(registers, given.households, given.seconds, given.sample, given.show)
        try:
            measured.extend(run(bench, [every[name] for name in given.names]))
        finally:
            if given.out:
                record(given.out, measured)


if __name__ == "__main__":
    main()
