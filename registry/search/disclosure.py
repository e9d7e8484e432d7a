"""Discloses doors that the caller did not name, each charged to its budget (`access.budget`).

Everything that returns doors to a caller ends here: single calls, batches, pages.
"""

from collections.abc import Sequence
from dataclasses import replace

from registry.access import budget
from registry.search.answers import Answer
from registry.search.autocomplete.suggestion import Suggestion
from registry.search.judge.labels_apart import is_by_code
from registry.search.judge.verdicts import Validation


def disclose_answers(found: Sequence[Answer]) -> list[Answer]:
    """Return the answers that may be disclosed; the first one is what the address names, and free.

    A point names no door: of several, only the nearest is disclosed if the budget is low. Raises
    BudgetSpentError if none may be.
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


def disclose_suggestions(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Return the lines that may be disclosed: streets and units always, doors within the budget."""
    doors = sum(line.code is not None for line in found)
    if budget.give(doors):
        return list(found)
    return [line for line in found if line.code is None]


def disclose_validation(found: Validation) -> Validation:
    """Return the verdict; if the budget is spent, choices without their codes, and without those
    that only a code distinguishes. An address that was chosen names its door.
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
