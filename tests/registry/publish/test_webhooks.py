"""Webhooks: messages to real receivers, retries and abandoned ones."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from registry.access.key_check import KeyCheck
from registry.access.keys import NewKey, create_key, revoke_key
from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.events import write_scope
from registry.core.settings import Settings
from registry.ops.doctor import run_probes
from registry.publish.webhooks import delivering, messages, sending, subscriptions
from registry.publish.webhooks.delivering import PAUSES_S, opened, send_due
from registry.publish.webhooks.sending import check_url, post
from registry.publish.webhooks.subscriptions import Wanted, WebhookView
from registry.register import Register
from tests.support.background import worker
from tests.support.commands import call
from tests.support.factories import TEST
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town, town
from tests.support.receiver import DRIP, HANG, Receiver, receiving
from tests.support.waiting import eventually

pytestmark = pytest.mark.thorough

HERE = ("127.0.0.1",)
WHY = {"reason": "tests"}
_numbers = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"webhooks_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def register(place: Town) -> Iterator[Register]:
    with opened(Settings(database_url=place.url, webhook_hosts=HERE)) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def actor(place: Town, register: Register) -> Actor:
    with session_scope(place.engine) as session:
        made = create_key(session, NewKey(f"hãng {number()}", "carrier"))
    return KeyCheck(register.reads, register.engine, register.gazetteer).actor(made.secret)


@pytest.fixture
def hook(register: Register, receiver: Receiver, actor: Actor) -> Iterator[Callable[..., Any]]:
    """Makes webhooks to the receiver: answers a number and a secret."""
    made: list[int] = []

    def make(since: str | None = None, **wanted: Any) -> tuple[int, str]:
        with session_scope(register.engine) as session:
            found = subscriptions.make_webhook(
                session, register, actor, Wanted(**{"url": receiver.url, **wanted}), since
            )
        made.append(found[0])
        return found

    yield make
    for each in made:
        with session_scope(register.engine) as session:
            subscriptions.delete_webhook(session, actor, each)


def number() -> str:
    return str(next(_numbers))


def view(register: Register, actor: Actor, webhook: int) -> WebhookView:
    with session_scope(register.engine) as session:
        return subscriptions.find_webhook(session, actor, webhook)


def replay(register: Register, actor: Actor, webhook: int, since: str) -> None:
    with session_scope(register.engine) as session:
        subscriptions.replay_webhook(session, register, actor, webhook, since)


def due_now(place: Town) -> None:
    """Let no pause be waited for."""
    write(place, "UPDATE webhook SET due_at = clock_timestamp() + interval '1 year'")


def examined(place: Town) -> str:
    """What the doctor reports about webhooks."""
    results = run_probes(Settings(database_url=place.url))
    return next(found.english for found in results if found.name == "webhooks_delivered")


def write(place: Town, statement: str, **parameters: object) -> None:
    with session_scope(place.engine) as session:
        session.execute(text(statement), parameters)


def restrict(place: Town, code: str) -> None:
    with write_scope(place.engine, TEST) as session:
        statement = "UPDATE household SET restricted = true WHERE code = :code"
        session.execute(text(statement), {"code": code})


@pytest.mark.gate
def test_each_kind_of_change_is_sent_once_and_signed(
    place: Town, register: Register, receiver: Receiver, hook: Callable[..., Any]
) -> None:
    street = f"Phố Báo {number()}"
    place.street(street)
    first, second, third, fourth = (place.house(number(), street, **LANG) for _ in range(4))
    _, secret = hook()
    new = place.house(number(), street)
    place.do("move", code=first, lon=LANG["lon"] + 0.001, lat=LANG["lat"], position_method="gps")
    place.do("renumber", code=second, house_number="77A")
    place.do("merge", codes=[third], into=first, **WHY)
    restrict(place, fourth)
    place.do("rename-street", commune=COMMUNE, street=street, new_name=f"{street} mới", **WHY)
    send_due(register)
    headers, body = receiver.messages[0]
    found = Webhook(secret).verify(body, headers)
    assert found["type"] == "register.changed"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    entries = {entry.get("code"): entry for entry in found["data"]["entries"]}
    kinds = {code: entry["kinds"] for code, entry in entries.items()}
    assert kinds == {
        new: ["new"],
        first: ["moved"],
        second: ["renamed"],
        third: ["merged"],
        fourth: ["removed"],
        None: ["renamed"],
    }
    assert entries[third]["continued_by"] == [first]
    assert entries[fourth].keys() == {"type", "position", "operation", "code", "kinds"}
    assert entries[None]["name"] == f"{street} mới"
    receiver.messages.clear()
    send_due(register)
    assert receiver.messages == []


def test_only_subscribed_changes_are_sent(
    place: Town, register: Register, receiver: Receiver, hook: Callable[..., Any]
) -> None:
    street, other = f"Phố Lọc {number()}", f"Phố Khác {number()}"
    place.street(street)
    place.street(other)
    listed, unlisted = place.house(number(), street), place.house(number(), street)
    hook(units=[ELSEWHERE], note="elsewhere")
    hook(codes=[listed[:4] + "-" + listed[4:]], note="codes")
    hook(units=[COMMUNE], kinds=["split", "merged"], note="kinds")
    place.do("verify", code=listed, on="2026-01-02")
    place.do("verify", code=unlisted, on="2026-01-02")
    place.do("rename-street", commune=COMMUNE, street=other, new_name=f"{other} mới", **WHY)
    place.do("rename-street", commune=COMMUNE, street=street, new_name=f"{street} mới", **WHY)
    send_due(register)
    (found,) = receiver.taken()
    street_of_list = found["data"]["entries"].pop()
    assert [entry["code"] for entry in found["data"]["entries"]] == [listed]
    assert (street_of_list["codes"], street_of_list["codes_count"]) == ([listed], 1)
    place.do("retire", code=listed, **WHY)
    place.do("merge", codes=[place.house(number())], into=unlisted, **WHY)
    send_due(register)
    assert sorted(kinds for _, _, kinds in receiver.entries()) == [["merged"], ["retired"]]


def test_kinds_include_changes_split_across_pages(
    place: Town,
    register: Register,
    receiver: Receiver,
    hook: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = place.house(number())
    hook(kinds=["renamed"])
    place.do("renumber", code=code, house_number="1/2/3")
    for _ in range(3):
        place.house(number())
    place.do("verify", code=code, on="2026-01-02")
    monkeypatch.setattr(messages, "MOST", 1)
    send_due(register)
    assert receiver.entries() == [("put", code, ["renamed"])]


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        ((200, {}, b'{"error": "no room"}'), "delivered", 200),
        ((500, {}, b"x" * 100_000), "refused", 500),
        ((302, {"location": "http://127.0.0.1:1/"}, b""), "redirected", 302),
        ((429, {"retry-after": "3600"}, b""), "refused", 429),
        (HANG, "timeout", None),
        (DRIP, "timeout", None),
    ],
)
def test_receiver_response_decides_the_outcome(
    place: Town,
    register: Register,
    receiver: Receiver,
    actor: Actor,
    hook: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    answer: Any,
    outcome: str,
    status: int | None,
) -> None:
    monkeypatch.setattr(sending, "_SILENT_S", 0.2 if answer == HANG else 5.0)
    monkeypatch.setattr(sending, "_WHOLE_S", 0.3 if answer == DRIP else 15.0)
    webhook, _ = hook()
    place.house(number())
    receiver.answers.append(answer)
    send_due(register)
    found = view(register, actor, webhook)
    assert (found.last_outcome, len(receiver.messages)) == (outcome, 1)
    with session_scope(register.engine) as session:
        (tried,) = subscriptions.deliveries(session, actor, webhook, 5)
    assert (tried.outcome, tried.status, tried.attempt) == (outcome, status, 1)
    assert found.attempts == (outcome != "delivered")
    assert (found.behind > 0) == (outcome != "delivered")


def test_message_is_retried_abandoned_and_sent_on_resume(
    place: Town, register: Register, receiver: Receiver, actor: Actor, hook: Callable[..., Any]
) -> None:
    webhook, _ = hook()
    first = place.house(number())
    tries = len(PAUSES_S) + 1
    receiver.answers.extend([(503, {}, b"")] * tries)
    pauses = []
    for _ in range(tries):
        send_due(register)
        query = "SELECT extract(epoch FROM due_at - clock_timestamp())::float FROM webhook"
        pauses.append(place.rows(f"{query} WHERE id = :id", id=webhook)[0][0])
        due_now(place)
    assert pauses[:-1] == sorted(pauses[:-1])
    assert pauses[-2] > 86_000
    dead = view(register, actor, webhook)
    assert (dead.state, dead.last_outcome, dead.attempts) == ("dead", "refused", tries)
    assert f"{webhook} ({actor.name}: refused)" in examined(place)
    # The same message each time, so a receiver can recognise one it already processed.
    assert len({headers["webhook-id"] for headers, _ in receiver.messages}) == 1
    receiver.messages.clear()
    second = place.house(number())
    send_due(register)
    assert receiver.messages == []
    with session_scope(register.engine) as session:
        delivering.clear_away(register.engine, register.settings)
        kept = subscriptions.deliveries(session, actor, webhook, 50)
        assert [each.given_up for each in kept] == [True] + [False] * (tries - 1)
        subscriptions.change_webhook(session, register, actor, webhook, Wanted(state="active"))
    send_due(register)
    assert [code for _, code, _ in receiver.entries()] == [first, second]
    # And again from the dead letter, under other ids.
    replay(register, actor, webhook, kept[0].behind)
    receiver.answers.append((410, {}, b""))
    send_due(register)
    assert view(register, actor, webhook).state == "dead"  # 410 Gone: at once
    replay(register, actor, webhook, "0")
    send_due(register)
    found = [code for _, code, _ in receiver.entries()]
    assert {first, second} <= set(found)
    assert view(register, actor, webhook).behind == 0


def test_operator_sees_stops_and_resumes_webhooks(
    place: Town,
    register: Register,
    receiver: Receiver,
    actor: Actor,
    hook: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", place.url)
    webhook, _ = hook()
    line = f"{webhook}  {actor.name}  {receiver.url}  "
    assert call("webhooks", "pause", webhook).stdout == ""
    code = place.house(number())  # proposed, and activated
    send_due(register)
    assert receiver.messages == []
    assert f"{line}tạm dừng  2 sự kiện chờ" in call("webhooks", "list").stdout
    answer = json.loads(call("webhooks", "list", "--format", "json").stdout)
    assert {"id": webhook, "state": "paused", "behind": 2}.items() <= answer[-1].items()
    assert f"{line}đang gửi" in call("webhooks", "resume", webhook).stderr
    send_due(register)
    call("webhooks", "resume", webhook, "--since", "0")
    send_due(register)
    assert [each for _, each, _ in receiver.entries()].count(code) == 2
    assert isinstance(call("webhooks", "pause", 0).exception, NotFoundError)


def test_secret_is_rotated_with_an_overlap(
    place: Town, register: Register, receiver: Receiver, actor: Actor, hook: Callable[..., Any]
) -> None:
    webhook, old = hook()
    with session_scope(register.engine) as session:
        new = subscriptions.rotate_secret(session, actor, webhook)
    place.house(number())
    delivering.test(register.engine, register.settings, webhook_id=webhook)
    send_due(register)
    for headers, body in receiver.messages:
        for secret in (old, new):
            Webhook(secret).verify(body, headers)
    assert [body["type"] for body in receiver.taken()] == ["register.test", "register.changed"]


def test_nothing_is_sent_for_a_revoked_key(
    place: Town, register: Register, receiver: Receiver, actor: Actor, hook: Callable[..., Any]
) -> None:
    webhook, _ = hook()
    with session_scope(register.engine) as session:
        revoke_key(session, actor.name)
    place.house(number())
    send_due(register)
    found = view(register, actor, webhook)
    assert (found.state, found.last_outcome) == ("dead", "key_revoked")
    assert receiver.messages == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "malformed_url"),
        ("https://a:b@example.com/", "malformed_url"),
        ("https://example.com/#x", "malformed_url"),
        ("https:///x", "malformed_url"),
        ("https://example.com:99999/", "malformed_url"),
        ("https://exa mple.com/", "malformed_url"),
        ("file:///etc/passwd", "malformed_url"),
        ("https://" + "a" * 2_000 + ".vn/", "malformed_url"),
        ("https://10.0.0.1/", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://[::ffff:169.254.169.254]/", "private_address"),
    ],
)
def test_forbidden_url_is_refused(url: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_url(url, ("127.0.0.1",))
    assert refused.value.extra["errors"][0]["code"] == code  # type: ignore[index]


def test_host_name_is_resolved_once_and_not_to_a_private_network(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.url.partition("/nhan")[0].rpartition(":")[2]
    asked: list[str] = []

    system = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        """A name that resolves to another host each time."""
        if host != "doi-ten.vn":
            return system(host, port, *rest, **more)
        asked.append(host)
        addresses = ["8.8.8.8", "127.0.0.1"] if len(asked) == 1 else ["127.0.0.1"]
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for _ in range(2):
        sent = post(f"http://doi-ten.vn:{port}/", "m", "{}", [bytes(32)], ())
        assert (sent.outcome, sent.status) == ("private_address", None)
    assert asked == ["doi-ten.vn"] * 2
    # Where the operator vouches for the name, the address that was found is connected to.
    sent = post(f"http://doi-ten.vn:{port}/", "m", "{}", [bytes(32)], ("doi-ten.vn",))
    assert asked[2:] == ["doi-ten.vn"]
    assert (sent.outcome, sent.status) == ("delivered", 204)
    assert [headers["host"] for headers, _ in receiver.messages] == [f"doi-ten.vn:{port}"]
    assert post("https://khong-co.invalid/", "m", "{}", [bytes(32)], ()).outcome != "delivered"


def test_worker_sends_as_soon_as_a_change_is_committed(
    fresh_database: Callable[[], str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_database()
    monkeypatch.setenv("DIACHISO_WEBHOOK_HOSTS", "127.0.0.1")
    with opened(Settings(database_url=url, webhook_hosts=HERE)) as register, worker(url):
        place = Town(url, register.engine, register.reads)
        place.street("Phố Láng")
        with session_scope(register.engine) as session:
            key = create_key(session, NewKey("hãng", "carrier"))
        actor = register.keys.actor(key.secret)
        with session_scope(register.engine) as session:
            subscriptions.make_webhook(session, register, actor, Wanted(receiver.url))
        # The first wakes a job, the second the job that listens.
        for house in ("1", "2"):
            code = place.house(house)
            eventually(lambda: receiver.messages, "a message")
            assert code in {expected for _, expected, _ in receiver.entries()}
