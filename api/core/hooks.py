"""Hooks around requests, compiled for each endpoint from its facts."""

from collections.abc import Callable

from flask import Response
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue

from api.core.endpoint import Facts, facts_of
from api.core.logs import LoggedFlask
from api.core.requests import Request

Before = Callable[[Request], None]
After = Callable[[Request, Response], Response]
MakeBefore = Callable[[Facts | None], Before | None]
"""Facts of an endpoint (None for an unknown path) → its hook (None if it needs none)."""
MakeAfter = Callable[[Facts | None], After | None]


class HookedFlask(LoggedFlask):
    """Flask with hooks by endpoint; both those before and those after run in the order listed."""

    def __init__(self, *arguments: str, **options: str | None) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.hooks_before: tuple[MakeBefore, ...] = ()
        self.hooks_after: tuple[MakeAfter, ...] = ()
        self._compiled: dict[str | None, tuple[tuple[Before, ...], tuple[After, ...]]] = {}

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Run the hooks of the endpoint, which raise to refuse, then those of its blueprint."""
        asked: Request = request_ctx.request  # type: ignore[assignment]
        for hook in self._hooks(asked.endpoint)[0]:
            hook(asked)
        return super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        """Run the hooks of the blueprint, then those of the endpoint."""
        response = super().process_response(response)
        asked: Request = request_ctx.request  # type: ignore[assignment]
        for hook in self._hooks(asked.endpoint)[1]:
            response = hook(asked, response)
        return response

    def _hooks(self, endpoint: str | None) -> tuple[tuple[Before, ...], tuple[After, ...]]:
        found = self._compiled.get(endpoint)
        if found is None:
            facts = None if endpoint is None else facts_of(self, endpoint)
            before = (make(facts) for make in self.hooks_before)
            after = (make(facts) for make in self.hooks_after)
            found = tuple(filter(None, before)), tuple(filter(None, after))
            self._compiled[endpoint] = found
        return found
