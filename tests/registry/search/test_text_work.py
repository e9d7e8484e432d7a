"""The cost of a text is bounded, and answers at the bound are marked incomplete."""

from functools import partial

import pytest

from registry.core import text_work
from registry.core.batching import Ask, Query, alone, bounded, bulk, side_by_side
from registry.core.text_work import Work, spend
from registry.search import geocode as module
from registry.search.faults import SEARCH_INCOMPLETE
from registry.search.geocode import Question, geocode
from registry.search.validate import validate
from tests.support.search_world import World

TEXTS = (
    "27 Láng, P. Láng Hạ, Đống Đa, Hà Nội",
    "12 34 5A Láng, Phường Láng, Hà Nội",
    "27 Láng",
    "Chung cư 5 tầng, 27 Láng, toà B, Royal City, Phường Láng, Hà Nội",
    "P. 129 Lang - Lang Ha - Dong Da - Ha Noi",
    "27 Lắng, Tổ 3, Thôn Không Có, Xóm Chưa Ai Biết, Phường Láng, Hà Nội",
)
ECHO = bulk("SELECT k.question, k.word FROM {K}", (("word", "text"),))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "little", [*(Work(questions=n) for n in range(16)), *(Work(steps=n) for n in range(0, 60, 4))]
)
def test_limited_search_gives_the_full_answer_or_is_marked_incomplete(
    world: World, monkeypatch: pytest.MonkeyPatch, text: str, little: Work
) -> None:
    asked = Question(text)
    whole = geocode(world.gazetteer, world.reads, asked)
    monkeypatch.setattr(module, "Work", partial(Work, little.steps, little.questions))
    part = geocode(world.gazetteer, world.reads, asked)
    assert part == whole or all(SEARCH_INCOMPLETE in answer.faults for answer in part)
    if part != whole:
        assert validate(world.gazetteer, world.reads, asked).verdict in (
            *("confirm", "complete", "reject"),
        )


def test_addresses_need_at_most_half_of_the_budget(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = partial(Work, text_work.STEPS // 2, text_work.QUESTIONS // 2)
    monkeypatch.setattr(module, "Work", half)
    for text in TEXTS:
        answers = geocode(world.gazetteer, world.reads, Question(text))
        assert not any(SEARCH_INCOMPLETE in answer.faults for answer in answers), text


def test_text_repeats_no_query_and_combines_queries(world: World) -> None:
    work = Work()

    def two_words(first: str) -> Query[list[object]]:
        found = yield Ask(ECHO, ((first,),))
        found += yield Ask(ECHO, (("again",),))
        return [row[1] for row in found]

    search = bounded(side_by_side(map(two_words, ("one", "other"))), [], work)
    assert alone(world.reads, search) == [["one", "again"], ["other", "again"]]
    assert text_work.QUESTIONS - work.questions == 2


def test_steps_are_not_limited_outside_a_search() -> None:
    spend(10 * text_work.STEPS)


def test_exhausted_budget_ends_a_search_with_its_results(world: World) -> None:
    def search() -> Query[str]:
        while True:
            yield lambda _reads: None

    assert alone(world.reads, bounded(search(), "nothing", Work())) == "nothing"
