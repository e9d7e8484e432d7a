"""What each rule of the reader does: it is switched off, and the answers that change are counted.

    DIACHISO_SHARED=… python -m bench.rules [--rows N] [--only WORD] [--show N]

Register, texts and damage are those of the scenario `damaged`. A rule is any function of the reader
that can do nothing: answer no, leave its text as it is, find none. Where it did something, the text
is asked again without it. One line a rule, those that change least first: texts in which it did
something, then what became of them without: `worse` where the commune or the door was right and is
no more, or is now surely wrong; `better` the other way round; `other` where something else is
answered that cannot be judged. Lines of code tell what it costs.
"""

import argparse
import importlib
import inspect
import os
import pkgutil
import random
import sys
import types
import typing
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from bench.registers import Registers
from bench.scenarios.accuracy import (
    Questions,
    commune_outcome,
    communes_of_rows,
    door_outcome,
    is_held,
    is_left_out,
    real_rows,
    register_of_real,
)
from bench.scenarios.damaged import SURE, damaged, module_of
from registry.search.answers import DOORS, Answer

ROOMS: Final = (
    "geo",
    "registry.search",
    "registry.search.read",
    "registry.search.find",
    "registry.search.judge",
    "registry.units",
)
ALONE: Final = (
    *(
        "registry.search.read.address_reader",
        "registry.search.read.door_with_units",
        "registry.search.read.units_in_names",
    ),
    "registry.search.geocode",
)
DEMO: Final = 50_000
"""Demo households beside the real addresses."""
EMPTY: Final[dict[Any, Callable[[], Any]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    dict: dict,
    Iterator: lambda: iter(()),
}
Rule = tuple[str, str, Callable[..., Any]]
"""Module, name, and what stands in its place."""


# The rules


def modules() -> Iterator[types.ModuleType]:
    """Those of the reader."""
    for room in ROOMS:
        package = importlib.import_module(room)
        yield package
        for found in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{room}.{found.name}")
    yield from map(importlib.import_module, ALONE)


def rules() -> dict[str, Rule]:
    """Name → rule."""
    found = {}
    for module in modules():
        for name, function in vars(module).items():
            plain = inspect.unwrap(function) if callable(function) else None
            own = isinstance(plain, types.FunctionType) and plain.__module__ == module.__name__
            if own and not plain.__closure__:
                nothing = nothing_of(plain)
                if nothing is not None:
                    found[f"{module.__name__}.{name}"] = (module.__name__, name, nothing)
    return found


def nothing_of(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """What does nothing in place of a function: by the type of what it gives back."""
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        return None
    given = hints.pop("return", None)
    first = next(iter(inspect.signature(function).parameters), None)
    if first is not None and given is not bool and hints.get(first) == given:
        return lambda *args, **named: args[0] if args else named[first]
    if first is not None and given == list[hints.get(first)]:  # ways to understand one thing
        return lambda *args, **named: [args[0] if args else named[first]]
    texts = [name for name, kind in hints.items() if kind == given is str]
    if texts:
        at = list(inspect.signature(function).parameters).index(texts[0])
        return lambda *args, **_: args[at]
    if given is bool:
        return lambda *_, **__: False
    if type(None) in typing.get_args(given):
        return lambda *_, **__: None
    empty = EMPTY.get(typing.get_origin(given))
    return None if empty is None else lambda *_, **__: empty()


def switch(rule: Rule, function: Callable[..., Any]) -> Callable[..., Any]:
    """Puts a function in the place of a rule, wherever that is held, and gives back the rule.

    What a table of steps holds is the function itself, so its code is exchanged.
    """
    module, name, _ = rule
    held = inspect.unwrap(getattr(sys.modules[module], name))
    kept = types.FunctionType(
        held.__code__, held.__globals__, held.__name__, held.__defaults__, held.__closure__
    )
    kept.__kwdefaults__ = held.__kwdefaults__
    called = f"_in_place_of_{name}"
    held.__globals__[called] = function
    made: dict[str, Any] = {}
    exec(f"def call(*args, **named): return {called}(*args, **named)", made)
    held.__defaults__, held.__kwdefaults__ = None, None
    held.__code__ = made["call"].__code__
    return kept


def lines_of(rule: Rule) -> int:
    """Lines of the function."""
    function = inspect.unwrap(getattr(sys.modules[rule[0]], rule[1]))
    return len(inspect.getsource(function).splitlines())


# The questions


class Asked:
    """The questions with what is known of each, and the answers to them as one word each."""

    def __init__(self, data: Path, count: int) -> None:
        damage = module_of(data.parent / "tools/noise.py")
        rows = real_rows(data / "real_addresses.csv")
        random.Random(1).shuffle(rows)
        self.texts: list[tuple[str, dict[str, str], str]] = []
        for kind in ("plain", *damage.ALL, "two"):
            for row in rows[:count]:
                for column in ("address", "address_before_2025"):
                    chance = random.Random(f"{row['ref']}{kind}")
                    self.texts.append((damaged(damage, kind, row[column], chance), row, column))
        for name in ("public_places", "charging_stations"):
            places = [row for row in real_rows(data / f"{name}.csv") if row["longitude"]]
            random.Random(1).shuffle(places)
            self.texts += [(row["address"], row, "") for row in places[:count]]

    def open(self, gazetteer: Any, url: str) -> None:
        """Opens the register, in the process that asks."""
        self.questions = Questions(url, gazetteer)

    def know(self) -> None:
        """Reads the communes and the codes of the rows."""
        known = {row["ref"]: row for _, row, _ in self.texts}
        self.held = communes_of_rows(self.questions, known.values())
        self.codes = self.questions.codes("real")
        self.questions.close()

    def outcome(self, at: int) -> tuple[int, str]:
        """How good the answer to a text is, and which it is."""
        text, row, column = self.texts[at]
        found = self.questions.ask("", text)
        where = self.held[row["ref"]]
        sure = bool(found) and found[0].confidence >= SURE
        result = commune_outcome(found, where) if where else "none"
        good = value(result, sure=sure)
        if column and is_left_out(row) and found and found[0].level in DOORS:
            good -= 0 if is_held(self.questions, row[column], found[0], where) else 2
        elif row["ref"] in self.codes:
            good += value(door_outcome(found, self.codes[row["ref"]], set()), sure=sure)
        return good, " | ".join(map(shown, found[:2]))


def value(result: str, *, sure: bool) -> int:
    """1 for right, -2 for surely wrong, 0 for anything between."""
    if result == "right":
        return 1
    return -2 if sure and result.startswith(("wrong", "several, none")) else 0


def shown(answer: Answer) -> str:
    """An answer in a few words."""
    place = answer.record.code if answer.record else str(answer.parts)
    unit = answer.unit.versions[-1].full_name if answer.unit else "?"
    return f"{answer.level} {place} {unit}"


# In processes of their own, that nothing is remembered of the other rules


def recorded(part: int, of: int, pipe: Any) -> None:
    """For each rule, the texts in which it did something; and the answer to each text."""
    asked: Asked = STATE["asked"]
    asked.open(STATE["gazetteer"], STATE["url"])
    fired: dict[str, set[int]] = defaultdict(set)
    at = [0]
    caches = [
        held
        for module in modules()
        for held in vars(module).values()
        if hasattr(held, "cache_clear")
    ]
    for name, rule in rules().items():
        watch(name, rule, fired, at)
    outcomes = {}
    for at[0] in range(part, len(asked.texts), of):
        for cache in caches:
            cache.cache_clear()
        outcomes[at[0]] = asked.outcome(at[0])
    pipe.send((dict(fired), outcomes))
    os._exit(0)


def watch(name: str, rule: Rule, fired: dict[str, set[int]], at: list[int]) -> None:
    """Notes when a rule did something."""
    nothing = rule[2]

    def watched(*args: Any, **named: Any) -> Any:
        done = kept(*args, **named)
        if isinstance(done, Iterator):
            found = list(done)
            if found:
                fired[name].add(at[0])
            return iter(found)
        if done != nothing(*args, **named):
            fired[name].add(at[0])
        return done

    kept = switch(rule, watched)


def without(name: str, texts: list[int], pipe: Any) -> None:
    """The answers to some texts without a rule."""
    asked: Asked = STATE["asked"]
    rule = rules()[name]
    switch(rule, rule[2])
    asked.open(STATE["gazetteer"], STATE["url"])
    try:
        pipe.send({at: asked.outcome(at) for at in texts})
    except Exception as error:  # noqa: BLE001 - whatever it is, the rule is needed
        pipe.send(repr(error))
    os._exit(0)


STATE: dict[str, Any] = {}
"""What the processes are forked with."""


def run(jobs: list[tuple[Any, ...]]) -> Iterator[Any]:
    """What two processes at a time answer to the jobs, in their order."""
    context = get_context("fork")
    running: list[tuple[Any, Any]] = []
    for function, *args in [*jobs, (None,), (None,)]:
        if function is not None:
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=function, args=(*args, there))
            process.start()
            there.close()
            running.append((process, here))
        if running and (len(running) == 2 or function is None):
            process, here = running.pop(0)
            yield here.recv()
            process.join()


def main() -> None:
    """Prints a line for each rule."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--most", type=int, default=600, help="texts that are asked again")
    given = parser.parse_args()
    data = Path(os.environ["DIACHISO_SHARED"]) / "data"
    with Registers.on(None) as registers:
        url = register_of_real(registers, DEMO, data)
        measured = Questions(url)
        STATE.update(gazetteer=measured.gazetteer, url=url, asked=Asked(data, given.rows))
        measured.close()
        STATE["asked"].open(STATE["gazetteer"], url)
        STATE["asked"].know()
        judge(given)


def judge(given: Namespace) -> None:
    """Asks all texts, and those again without a rule in which it did something."""
    fired: dict[str, set[int]] = defaultdict(set)
    before: dict[int, tuple[int, str]] = {}
    for did, outcomes in run([(recorded, 0, 2), (recorded, 1, 2)]):
        before |= outcomes
        for name, texts in did.items():
            fired[name] |= texts
    known = [name for name in rules() if given.only in name]
    jobs = {
        name: random.Random(1).sample(sorted(fired[name]), min(given.most, len(fired[name])))
        for name in known
    }
    lines = []
    answers = run([(without, name, texts) for name, texts in jobs.items() if texts])
    for name in known:
        after = next(answers) if jobs[name] else {}
        lines.append(line(name, len(fired[name]), before, after, given.show))
        print(lines[-1][1], file=sys.stderr, flush=True)
    for _, text in sorted(lines):
        print(text)


def line(name: str, fired: int, before: Any, after: Any, show: int) -> tuple[int, str]:
    """How much a rule changes, and its line of the table."""
    code = lines_of(rules()[name])
    if isinstance(after, str):
        return 10**6, f"{name:<60} {code:4} lines {fired:6} needed: {after[:60]}"
    counts = {"worse": 0, "better": 0, "other": 0}
    samples = []
    for at, (good, place) in after.items():
        was, there = before[at]
        kind = "worse" if good < was else "better" if good > was else "other"
        if good != was or place != there:
            counts[kind] += 1
            samples.append(
                f"    {kind}: {STATE['asked'].texts[at][0]}\n      {there}\n      {place}"
            )
    result = "  ".join(f"{kind} {number:4}" for kind, number in counts.items())
    text = f"{name:<60} {code:4} lines {fired:6} of which {len(after):4}: {result}"
    return sum(counts.values()), "\n".join([text, *sorted(samples)[:show]])


if __name__ == "__main__":
    main()
