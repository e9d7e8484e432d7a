"""How much one caller may ask: requests a minute, and codes that are none an hour."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from flask import Response, g

from api.core.counters import WINDOW_S, Counters, seconds_left, this_minute
from api.core.requests import Request
from registry.access.budget import Purse
from registry.access.rates import STEP, SharedRates
from registry.core.actors import Actor
from registry.core.errors import RegistryError, TooManyRequestsError
from registry.core.messages import Message
from registry.register import Register

_FAILURES: Final = 60
"""Keys a minute that are none, from one address: more are not even looked up."""
_OFTEN: Final = 10
"""Tiles in place of each other request: a map that is moved for a minute asks for some hundreds."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a caller may ask in this minute, and did."""

    policy: str
    """address | key."""
    limit: int
    asked: int

    @property
    def left(self) -> int:
        """Requests that are left in this minute."""
        return max(0, self.limit - self.asked)


class Limits:
    """Counts callers, and refuses those who ask too much."""

    def __init__(self, register: Register, counters: Counters) -> None:
        self._register = register
        self._counters = counters
        self._shared = SharedRates(register.engine, counters.name)
        self._per_address = register.settings.rate_per_address
        self._per_key = register.settings.rate_per_key
        self.empty_purse: Final = Purse(register.budget, 0, lambda: "")
        """Of an endpoint that does not declare that it discloses codes."""

    def count(self, asking: Actor, network: str, *, often: bool = False) -> Rate:
        """Count a request, by its key or else by its network.

        What is asked for `often` has a count of its own, and ten times the limit.
        """
        own, times = ("often:", _OFTEN) if often else ("", 1)
        if has_key(asking):
            limit = times * (asking.rate_per_minute or self._per_key)
            who = f"{own}key:{asking.key_id or asking.name}"
            return Rate("key", limit, self._count(who, limit))
        limit = times * self._per_address
        return Rate("address", limit, self._count(f"{own}address:{network}", limit))

    def count_rows(self, asking: Actor, network: str, rows: int) -> None:
        """Count the rows of a batch as requests, where nobody is known who answers for them.

        Raises TooManyRequestsError, and counts none, where they are more than are left.
        """
        if has_key(asking):
            return
        who = f"address:{network}"
        if self._count(who, self._per_address, 0) + rows - 1 > self._per_address:
            raise too_many(Message("limits_without_key", per_address=self._per_address))
        self._counters.count(who, rows - 1)

    def count_failure(self, network: str) -> None:
        """Count a key that is none."""
        self._counters.count(f"failures:{network}")

    def check_failures(self, network: str) -> None:
        """Raises TooManyRequestsError for an address that tries out keys."""
        if self._count(f"failures:{network}", _FAILURES, 0) >= _FAILURES:
            raise too_many()

    def _count(self, who: str, limit: int, requests: int = 1) -> int:
        """Requests of this minute, with these, on all machines."""
        here = self._counters.count(who, requests)
        if here < STEP * limit:
            return here
        with suppress(RegistryError):
            caller = self._register.clients.name(who)
            return here + self._shared.elsewhere(caller, here, limit, this_minute())
        return here

    def purse(self, asking: Actor, network: str) -> Purse:
        """From what the caller pays for codes that no record bears."""
        register = self._register
        if has_key(asking):
            holder = f"key:{asking.key_id or asking.name}"
            return Purse(register.budget, register.settings.budget_per_key, lambda: holder)
        return Purse(
            register.budget,
            register.settings.budget_per_address,
            lambda: f"client:{register.clients.name(network)}",
        )


def has_key(asking: Actor) -> bool:
    """Whether the caller is known by a key, also one of the role anonymous."""
    return asking.key_id is not None or asking.role != "anonymous"


def too_many(detail: Message | None = None) -> TooManyRequestsError:
    """The refusal of whoever asks too often."""
    return TooManyRequestsError(
        detail or Message("too_many_requests"), retry_after_s=seconds_left()
    )


def add_limits(_asked: Request, response: Response) -> Response:
    """Say in an answer what is left (draft-ietf-httpapi-ratelimit-headers)."""
    rate: Rate | None = g.get("rate")
    if rate is not None:
        add = response.headers.add  # nothing else sets them, and `set` looks at all others
        add("RateLimit-Policy", f'"{rate.policy}";q={rate.limit};w={WINDOW_S}')
        add("RateLimit", f'"{rate.policy}";r={rate.left};t={seconds_left()}')
    return response
