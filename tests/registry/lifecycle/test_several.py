"""One operation on several records, and who may activate a proposal."""

from typing import Any

import pytest

from registry.core.actors import Actor, acting_as
from registry.core.errors import (
    AlreadyDoneError,
    IllegalTransitionError,
    InvalidInputError,
    OwnProposalError,
    SeveralRefusedError,
    StaleError,
)
from registry.lifecycle.run import perform
from registry.lifecycle.several import MAX_SEVERAL, Each, SeveralDone, perform_several
from registry.lifecycle.table import BY_NAME
from tests.support.lifecycle import COMMUNE, Town


def each(place: Town, name: str, code: str, seen: int | None = None, **fields: Any) -> Each:
    request = BY_NAME[name].request.model_validate({"code": code, **fields})
    return Each(code, request, place.row(code).event_id if seen is None else seen)


def do(place: Town, name: str, several: list[Each], **more: Any) -> SeveralDone:
    return perform_several(place.engine, BY_NAME[name], several, actor="tests", **more)


def test_several_records_are_changed_by_one_event(place: Town) -> None:
    codes = [place.house(number) for number in ("801", "803", "805")]
    verified = [each(place, "verify", code, on="2026-11-02") for code in codes]
    tried = do(place, "verify", verified, dry_run=True)
    assert sorted(record.code for record in tried.records) == sorted(codes)
    assert {place.row(code).verified_on for code in codes} == {None}
    done = do(place, "verify", verified, once="form-1")
    assert {place.row(code).event_id for code in codes} == {done.event_id}
    scope = place.rows("SELECT scope FROM event WHERE id = :id", id=done.event_id)[0][0]
    assert scope == {"codes": sorted(codes), "once": "form-1"}
    # With the state seen before: it was changed meanwhile, by this same form.
    with pytest.raises(AlreadyDoneError):
        do(place, "verify", verified, once="form-1")


def test_no_record_is_changed_when_one_cannot_be(place: Town) -> None:
    good, stale, retired = (place.house(number) for number in ("811", "813", "815"))
    place.retire(retired)
    seen = place.row(stale).event_id
    place.do("verify", code=stale)
    several = [
        each(place, "retire", good, reason="dỡ"),
        each(place, "retire", stale, seen, reason="dỡ"),
        each(place, "retire", retired, reason="dỡ"),
    ]
    tried = do(place, "retire", several, dry_run=True)
    assert [record.code for record in tried.records] == [good]
    refused = {one.code: type(one.error) for one in tried.refused}
    assert refused == {stale: StaleError, retired: IllegalTransitionError}
    with pytest.raises(SeveralRefusedError) as raised:
        do(place, "retire", several)
    assert set(raised.value.extra["refused"]) == {stale, retired}  # type: ignore[call-overload]
    assert place.row(good).status == "active"
    with pytest.raises(InvalidInputError):
        do(place, "retire", [])
    with pytest.raises(InvalidInputError):
        do(place, "retire", several[:1] * (MAX_SEVERAL + 1))


def test_form_sent_twice_is_carried_out_once(place: Town) -> None:
    made = BY_NAME["reserve"]
    request = made.request.model_validate({"count": 2, "commune": COMMUNE})
    perform(place.engine, made, request, actor="tests", once="form-2")
    with pytest.raises(AlreadyDoneError):
        perform(place.engine, made, request, actor="tests", once="form-2")
    assert place.rows("SELECT count(*) FROM event WHERE scope ->> 'once' = 'form-2'") == [(1,)]


@pytest.mark.parametrize("alone", [False, True])
def test_proposer_activates_only_as_a_one_person_authority(place: Town, alone: bool) -> None:
    one, other = Actor("một người", "approver", approves_own=alone), Actor("khác", "approver")

    def act(actor: Actor, name: str, **fields: Any) -> Any:
        operation = BY_NAME[name]
        request = operation.request.model_validate(fields)
        with acting_as(actor):
            return perform(place.engine, operation, request, actor=actor.name)

    number = "821" if alone else "823"
    house = {"commune": COMMUNE, "street": "Phố Láng", "house_number": number}
    code = act(one, "propose", **house).records[0].code
    # Correcting a proposal does not make one its proposer.
    act(other, "correct", code=code, delivery_hint="cạnh chợ")
    if alone:
        done = act(one, "activate", code=code)
        scope = place.rows("SELECT scope FROM event WHERE id = :id", id=done.event_id)[0][0]
        assert scope == {"codes": [code], "own_proposal": True}
        return
    with pytest.raises(OwnProposalError):
        act(one, "activate", code=code)
    assert act(other, "activate", code=code).records[0].status == "active"
