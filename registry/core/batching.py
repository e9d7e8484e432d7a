"""Runs searches alone, or many at once with combined statements.

A search is a generator (`Query`) that yields requests and is sent their rows. `alone` runs one
search, `together` runs many, combining requests of one kind into one statement. The results are the
same either way.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from geo.values import value
from registry.core.database import TookTooLongError
from registry.core.errors import DatabaseUnavailableError, NotPreparedError, RegistryError
from registry.core.reads import Reads, Row
from registry.core.sql import tables_of_lines
from registry.core.text_work import Work, WorkSpentError, doing
from registry.core.tracing import traced

T = TypeVar("T")
Line = tuple[str | int | None, ...]

LINES: Final = "{K}"
"""Placeholder in a statement for the table `k` of its input lines."""
MAX_LINES: Final = 2_000
"""Lines of one statement, whose results are in memory at once."""
_ROWS_OF_STEP: Final = 4
"""Rows that cost as much as one step of a text's work."""


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """A statement that answers one or many questions of a kind.

    Each question consists of lines, such as a commune and a key, and values shared by its lines.
    `question` numbers the questions, and is the first column of the result.
    """

    line_alone: str
    """For a question of one line, the usual case: parameters are scalars."""
    one: str
    many: str
    """For many questions: each parameter is an array with an element for every line."""
    line: tuple[str, ...]
    """Parameters of a line, in order."""
    same: tuple[str, ...]
    """Parameters shared by the lines of a question."""


def bulk(
    statement: str, line: tuple[tuple[str, str], ...], same: tuple[tuple[str, str], ...] = ()
) -> Bulk:
    """Make a Bulk of a statement with LINES; parameters are pairs of name and type."""
    written = statement.replace("%", "%%")
    line_alone, one, many = (written.replace(LINES, each) for each in tables_of_lines(line, same))
    return Bulk(
        line_alone,
        one,
        many,
        tuple(name for name, _ in line),
        tuple(name for name, _ in same),
    )


@value(frozen=True, slots=True)
class Ask:
    """One question."""

    bulk: Bulk
    lines: tuple[Line, ...]
    """In the order of `Bulk.line`."""
    same: Line = ()
    """In the order of `Bulk.same`."""


@dataclass(frozen=True, slots=True)
class Several:
    """Independent requests: those of one kind are combined into one statement."""

    requests: tuple["Request", ...]


# Rare requests are functions, which are not combined.
_Leaf = Ask | Callable[[Reads], Any]
Request = _Leaf | Several
Query = Generator[Request, Any, T]
"""A search: a generator of requests that returns its result."""


def side_by_side(searches: Iterable[Query[T]]) -> Query[list[T]]:
    """Run several searches in lockstep, combining their requests."""
    waiting = list(enumerate(searches))
    answers: dict[int, T] = {}
    found: list[Any] = [None] * len(waiting)
    while waiting:
        going, requests = [], []
        for (at, steps), rows in zip(waiting, found, strict=True):
            try:
                requests.append(steps.send(rows))
                going.append((at, steps))
            except StopIteration as done:
                answers[at] = done.value
        waiting = going
        found = (yield from _request_all(requests)) if requests else []
    return [answers[at] for at in range(len(answers))]


def bounded(steps: Query[T], otherwise: T, work: Work) -> Query[T]:
    """Limit a search to this work; return `otherwise` if it has no result by then.

    Requests beyond the limit raise WorkSpentError inside the search. Results are cached: the
    readings of a text have most of their questions in common.
    """
    sent: Any = None
    known: dict[_Leaf, Any] = {}
    while True:
        try:
            with doing(work):
                request = steps.throw(WorkSpentError()) if work.spent else steps.send(sent)
        except StopIteration as done:
            answer: T = done.value
            return answer
        except WorkSpentError:
            return otherwise
        leaves = _leaves(request)
        new = tuple(leaf for leaf in dict.fromkeys(leaves) if leaf not in known)
        cost = _statements(new)
        if work.questions < cost:
            work.spent = True
            continue
        work.questions -= cost
        if new:
            found = yield from _request_all(new)
            work.steps -= sum(map(_rows_of, found)) // _ROWS_OF_STEP
            known |= zip(new, found, strict=True)
        sent = _assemble(request, iter([known[leaf] for leaf in leaves]))


def _request_all(requests: Sequence[Request]) -> Query[list[Any]]:
    """Yield several requests as one; return their results."""
    if len(requests) == 1:
        return [(yield requests[0])]
    found: list[Any] = yield Several(tuple(requests))
    return found


def _statements(leaves: Iterable[_Leaf]) -> int:
    """Return the greatest number of statements for these requests."""
    leaves = tuple(leaves)
    asks = [leaf for leaf in leaves if isinstance(leaf, Ask) and leaf.lines]
    lines = sum(len(ask.lines) for ask in asks)
    others = sum(not isinstance(leaf, Ask) for leaf in leaves)
    return len({ask.bulk for ask in asks}) + lines // MAX_LINES + others


def _rows_of(found: Any) -> int:
    return len(found) if isinstance(found, list) else 0


def alone(reads: Reads, steps: Query[T]) -> T:
    """Run one search; raises as it does, and as `Reads.rows` does."""
    try:
        request = next(steps)
        while True:
            request = steps.send(_fetch(reads, request))
    except StopIteration as done:
        answer: T = done.value
        return answer


def together(reads: Reads, searches: Iterable[Query[T]]) -> list[T | RegistryError]:
    """Run many searches and return their results in order, with errors in place of results.

    Raises only NotPreparedError, when nothing can be answered.
    """
    waiting: dict[int, tuple[Query[T], Request]] = {}
    answers: dict[int, T | RegistryError] = {}

    def advance(at: int, steps: Query[T], rows: Any) -> None:
        try:
            waiting[at] = (steps, steps.send(rows))
        except StopIteration as done:
            answers[at] = done.value
        except NotPreparedError:
            raise
        except RegistryError as error:
            answers[at] = error

    for at, steps in enumerate(searches):
        advance(at, steps, None)
    while waiting:
        now, waiting = waiting, {}
        found = _fetch_all(reads, [request for _, request in now.values()])
        for (at, (steps, _)), rows in zip(now.items(), found, strict=True):
            if isinstance(rows, RegistryError):
                steps.close()
                answers[at] = rows
            else:
                advance(at, steps, rows)
    return [answers[at] for at in range(len(answers))]


@traced("find")
def _fetch(reads: Reads, request: Request) -> Any:
    if isinstance(request, Several):
        (found,) = _fetch_all(reads, [request])
        if isinstance(found, RegistryError):
            raise found
        return found
    if not isinstance(request, Ask):
        return request(reads)
    if not request.lines:
        return []
    kind = request.bulk
    if len(request.lines) == 1:
        alone = dict(zip((*kind.line, *kind.same), (*request.lines[0], *request.same), strict=True))
        return reads.rows(kind.line_alone, alone)
    parameters: dict[str, object] = {"question": [0] * len(request.lines)}
    parameters |= zip(kind.line, map(list, zip(*request.lines, strict=True)), strict=True)
    parameters |= zip(kind.same, request.same, strict=True)
    return reads.rows(kind.one, parameters)


def _fetch_all(reads: Reads, requests: list[Request]) -> list[Any]:
    """Return the result of each request, or its error."""
    leaves = [leaf for request in requests for leaf in _leaves(request)]
    found = iter(_fetch_leaves(reads, leaves))
    return [_assemble(request, found) for request in requests]


def _leaves(request: Request) -> list[_Leaf]:
    if isinstance(request, Several):
        return [leaf for one in request.requests for leaf in _leaves(one)]
    return [request]


def _assemble(request: Request, found: Iterator[Any]) -> Any:
    """Assemble the result of a request from those of its leaves; the first error if any."""
    if not isinstance(request, Several):
        return next(found)
    parts = [_assemble(one, found) for one in request.requests]
    return next((part for part in parts if isinstance(part, RegistryError)), parts)


def _fetch_leaves(reads: Reads, leaves: list[_Leaf]) -> list[Any]:
    kinds: dict[Bulk, dict[tuple[object, ...], tuple[Ask, list[int]]]] = {}
    results: list[Any] = [None] * len(leaves)
    for at, leaf in enumerate(leaves):
        if isinstance(leaf, Ask):
            # Many doors ask the same question, such as one about their street.
            question = (leaf.lines, leaf.same)
            kinds.setdefault(leaf.bulk, {}).setdefault(question, (leaf, []))[1].append(at)
        else:
            results[at] = _or_error(reads, leaf)
    for questions in kinds.values():
        asks = list(questions.values())
        for part in _parts(asks):
            found = _each(reads, [ask for ask, _ in part])
            for (_, askers), rows in zip(part, found, strict=True):
                for at in askers:
                    results[at] = rows
    return results


def _parts(asked: Iterable[tuple[Ask, list[int]]]) -> Iterable[list[tuple[Ask, list[int]]]]:
    part: list[tuple[Ask, list[int]]] = []
    size = 0
    for one in asked:
        lines = len(one[0].lines)
        if part and size + lines > MAX_LINES:
            yield part
            part, size = [], 0
        part.append(one)
        size += lines
    if part:
        yield part


def _each(reads: Reads, asks: list[Ask]) -> list[Any]:
    if len(asks) > 1:
        try:
            return _rows(reads, asks)
        except TookTooLongError:
            pass  # because of one question: retry each alone
        except DatabaseUnavailableError as error:
            return [error] * len(asks)
    return [_or_error(reads, ask) for ask in asks]


def _or_error(reads: Reads, request: Request) -> Any:
    try:
        return _fetch(reads, request)
    except NotPreparedError:
        raise
    except RegistryError as error:
        return error


def _rows(reads: Reads, asks: list[Ask]) -> list[list[Row]]:
    """Return the rows of several questions of one kind."""
    kind = asks[0].bulk
    lines = [(at, *line, *ask.same) for at, ask in enumerate(asks) for line in ask.lines]
    found: list[list[Row]] = [[] for _ in asks]
    if lines:
        columns = map(list, zip(*lines, strict=True))
        names = ("question", *kind.line, *kind.same)
        for row in reads.rows(kind.many, dict(zip(names, columns, strict=True))):
            found[row[0]].append(row)
    return found
