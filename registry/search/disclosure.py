"""What is told of doors that the caller did not name, each of which is paid (`access.budget`).

Whatever tells doors to a caller passes through here last: single calls, batches, pages.
"""

from collections.abc import Sequence
from dataclasses import replace

from registry.access import budget
from registry.search.answers import Answer
from registry.search.autocomplete.suggestion import Suggestion
from registry.search.judge.labels_apart import is_by_code
from registry.search.judge.verdicts import Validation


def told_answers(found: Sequence[Answer]) -> list[Answer]:
    """The answers that may be told: the first is what an address names, others are beside it.

    At a point no door is named: of several the nearest is told where the caller has not much left.
    Raises BudgetSpentError where nothing would be.
    """
    if not any(answer.record for answer in found):
        return list(found)
    if found[0].distance_m is not None:
        found = found[:1] if budget.is_low() else found
        if not budget.give(len(found)):
            budget.check()
        return list(found)
    beside = sum(answer.record is not None for answer in found[1:])
    if budget.give(beside):
        return list(found)
    return [found[0], *(answer for answer in found[1:] if answer.record is None)]


def told_suggestions(found: Sequence[Suggestion]) -> list[Suggestion]:
    """The lines that may be told: streets and units always, doors while something is left."""
    doors = sum(line.code is not None for line in found)
    if budget.give(doors):
        return list(found)
    return [line for line in found if line.code is None]


def told_validation(found: Validation) -> Validation:
    """The verdict; its choices without their codes where nothing is left, and none that only its
    code tells apart. A choice that is made names its door.
    """
    question = found.question
    if question is None or budget.give(sum(choice.code is not None for choice in question.choices)):
        return found
    choices = tuple(
        replace(choice, code=None)
        for choice in question.choices
        if not is_by_code(choice.label, choice.code)
    )
    return replace(found, question=replace(question, choices=choices))
