"""Limits by caller: requests a minute, and unknown codes an hour."""

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
"""Invalid keys a minute from one address, after which keys are not looked up."""
_OFTEN: Final = 10
"""Tiles allowed for each ordinary request: moving a map for a minute takes some hundreds."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A caller's limit and requests in this minute."""

    policy: str
    """address | key."""
    limit: int
    asked: int

    @property
    def left(self) -> int:
        """Requests left in this minute."""
        return max(0, self.limit - self.asked)


class Limits:
    """Counts requests by caller, and refuses those over their limit."""

    def __init__(self, register: Register, counters: Counters) -> None:
        self._register = register
        self._counters = counters
        self._shared = SharedRates(register.engine, counters.name)
        self._per_address = register.settings.rate_per_address
        self._per_key = register.settings.rate_per_key
        self.empty_purse: Final = Purse(register.budget, 0, lambda: "")
        """For endpoints that do not declare that they disclose codes."""

    def count(self, asking: Actor, network: str, *, often: bool = False) -> Rate:
        """Count a request, by key or else by network.

        With `often` (tiles) it has a separate count and ten times the limit.
        """
        own, times = ("often:", _OFTEN) if often else ("", 1)
        if has_key(asking):
            limit = times * (asking.rate_per_minute or self._per_key)
            who = f"{own}key:{asking.key_id or asking.name}"
            return Rate("key", limit, self._count(who, limit))
        limit = times * self._per_address
        return Rate("address", limit, self._count(f"{own}address:{network}", limit))

    def count_rows(self, asking: Actor, network: str, rows: int) -> None:
        """Count the rows of a batch without a key as requests.

        Raises TooManyRequestsError, and counts none, if more rows are sent than requests are left.
        """
        if has_key(asking):
            return
        who = f"address:{network}"
        if self._count(who, self._per_address, 0) + rows - 1 > self._per_address:
            raise too_many(Message("limits_without_key", per_address=self._per_address))
        self._counters.count(who, rows - 1)

    def count_failure(self, network: str) -> None:
        """Count an invalid key."""
        self._counters.count(f"failures:{network}")

    def check_failures(self, network: str) -> None:
        """Raise TooManyRequestsError for a network that sent too many invalid keys."""
        if self._count(f"failures:{network}", _FAILURES, 0) >= _FAILURES:
            raise too_many()

    def _count(self, who: str, limit: int, requests: int = 1) -> int:
        """Return the requests of this minute on all machines, these included."""
        here = self._counters.count(who, requests)
        if here < STEP * limit:
            return here
        with suppress(RegistryError):
            caller = self._register.clients.name(who)
            return here + self._shared.on_other_machines(caller, here, limit, this_minute())
        return here

    def purse(self, asking: Actor, network: str) -> Purse:
        """Return the budget from which the caller pays for disclosed and unknown codes."""
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
    """Whether the caller sent a key, including one with the role anonymous."""
    return asking.key_id is not None or asking.role != "anonymous"


def too_many(detail: Message | None = None) -> TooManyRequestsError:
    """Return the error for a caller over its limit."""
    return TooManyRequestsError(
        detail or Message("too_many_requests"), retry_after_s=seconds_left()
    )


def add_limits(_asked: Request, response: Response) -> Response:
    """Add the rate limit headers (draft-ietf-httpapi-ratelimit-headers)."""
    rate: Rate | None = g.get("rate")
    if rate is not None:
        add = response.headers.add  # nothing else sets them, and `set` scans all headers
        add("RateLimit-Policy", f'"{rate.policy}";q={rate.limit};w={WINDOW_S}')
        add("RateLimit", f'"{rate.policy}";r={rate.left};t={seconds_left()}')
    return response
