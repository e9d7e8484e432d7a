"""The Flask application."""

from typing import Any, Final

from flask import Flask, Response, after_this_request, current_app, request
from flask.json.provider import JSONProvider
from flask.typing import ResponseReturnValue
from pydantic_core import from_json, to_json

from api import health, metrics
from api.core import context
from api.core.access import Authenticate, by_key, check_caller, guard
from api.core.audit import keep_audit
from api.core.bodies import DEFAULT_MAX_BYTES, prepare_body
from api.core.context import COUNTS, DESCRIPTION, EXTENSION
from api.core.cors import allow_other_sites
from api.core.counters import Counters
from api.core.endpoint import facts_of
from api.core.errors import register_errors
from api.core.hooks import HookedFlask
from api.core.limits import Limits, add_limits
from api.core.proxies import behind_proxies
from api.core.requests import SAFE_METHODS, Request, refuse_unreadable
from api.core.service import count_service
from api.desk import audit as desk_audit
from api.desk import field as desk_field
from api.desk import (
    field_records,
    oidc,
    place_operations,
    record_operations,
    sign_in,
    target_files,
    templates,
)
from api.desk import home as desk_home
from api.desk import imports as desk_imports
from api.desk import keys as desk_keys
from api.desk import papers as desk_papers
from api.desk import places as desk_places
from api.desk import proposals as desk_proposals
from api.desk import records as desk_records
from api.desk import reports as desk_reports
from api.desk import services as desk_services
from api.desk import targets as desk_targets
from api.desk import undo as desk_undo
from api.desk import webhooks as desk_webhooks
from api.desk.blueprint import prepare_desk
from api.document.fold import Description
from api.dropin import nominatim, photon
from api.maps import ogc, tiles
from api.mcp import http as mcp
from api.pages import (
    address,
    assets,
    board,
    coverage_board,
    docs,
    home,
    offline,
    open_data,
    report_forms,
    search,
    try_it,
    verify,
)
from api.pages import field as field_page
from api.pages import packs as packs_page
from api.pages import route as route_page
from api.pages.failures import register_failures
from api.pages.shell import prepare_templates
from api.v1 import (
    addresses,
    autocomplete,
    batch,
    batches,
    cell,
    certificates,
    changes,
    coverage,
    export,
    external,
    field,
    geocode,
    history,
    import_rows,
    imports,
    lifecycle,
    packs,
    papers,
    pending,
    receipts,
    reforms,
    reports,
    reverse,
    route,
    services,
    targets,
    units,
    validate,
    webhooks,
    whoami,
    within,
)
from registry.core.messages import LANGUAGES, choose_language, in_words
from registry.ops.service_counts import ServiceCounts
from registry.register import Register

_BLUEPRINTS: Final = (
    address.blueprint,
    board.blueprint,
    coverage_board.blueprint,
    docs.blueprint,
    field_page.blueprint,
    home.blueprint,
    desk_imports.former,
    offline.blueprint,
    open_data.blueprint,
    packs_page.blueprint,
    report_forms.blueprint,
    route_page.blueprint,
    search.blueprint,
    try_it.blueprint,
    sign_in.blueprint,
    oidc.blueprint,
    verify.blueprint,
    desk_home.blueprint,
    desk_imports.blueprint,
    desk_keys.blueprint,
    desk_audit.blueprint,
    desk_records.blueprint,
    record_operations.blueprint,
    desk_reports.blueprint,
    desk_reports.own,
    desk_proposals.blueprint,
    desk_papers.blueprint,
    desk_places.blueprint,
    desk_undo.blueprint,
    place_operations.blueprint,
    desk_services.blueprint,
    desk_targets.blueprint,
    target_files.blueprint,
    templates.blueprint,
    desk_webhooks.blueprint,
    desk_field.blueprint,
    field_records.blueprint,
    sign_in.leaving,
    assets.blueprint,
    health.blueprint,
    metrics.blueprint,
    field.blueprint,
    addresses.blueprint,
    autocomplete.blueprint,
    batch.blueprint,
    batches.blueprint,
    cell.blueprint,
    coverage.blueprint,
    external.blueprint,
    geocode.blueprint,
    mcp.blueprint,
    nominatim.blueprint,
    photon.blueprint,
    ogc.blueprint,
    reverse.blueprint,
    route.blueprint,
    services.blueprint,
    tiles.blueprint,
    units.blueprint,
    validate.blueprint,
    whoami.blueprint,
    changes.blueprint,
    history.blueprint,
    imports.blueprint,
    import_rows.blueprint,
    lifecycle.blueprint,
    pending.blueprint,
    certificates.blueprint,
    papers.blueprint,
    reforms.blueprint,
    reports.blueprint,
    receipts.blueprint,
    targets.blueprint,
    export.blueprint,
    within.blueprint,
    webhooks.blueprint,
    packs.blueprint,
    reports.many,
    services.own,
)


class _Application(HookedFlask):
    """Repeats reads after a lost connection, a switch of primary or replica, or a reform."""

    def dispatch_request(self) -> ResponseReturnValue:
        if request.method in SAFE_METHODS or facts_of(current_app, request.endpoint or "").retried:
            return context.register().asked(super().dispatch_request)
        return super().dispatch_request()


class _Json(JSONProvider):
    """JSON by pydantic's core, which writes UTF-8 and rejects lone surrogates and NaN."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return to_json(obj, fallback=_translated).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return from_json(s, allow_inf_nan=False)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = to_json(self._prepare_response_obj(args, kwargs), fallback=_translated)
        return Response(body, content_type="application/json")


def _translated(value: object) -> str:
    """Return a message in the language of the request, and add `Vary: Accept-Language`."""
    words = in_words(value)
    after_this_request(_vary_by_language)
    return words


def _vary_by_language(response: Response) -> Response:
    response.vary.add("Accept-Language")
    return response


def create_app(
    register: Register,
    authenticate: Authenticate | None = None,
    counters: Counters | None = None,
    counts: ServiceCounts | None = None,
) -> Flask:
    """Return the application over an opened register; needs no database.

    `authenticate` identifies the caller, by default by key. `counters` are shared by the processes
    of a server, by default they belong to this process. `counts` of requests are by default written
    only when read.
    """
    app = _Application("api", static_folder=None, template_folder="pages/templates")
    app.request_class = Request
    app.json = _Json(app)
    app.config["MAX_CONTENT_LENGTH"] = DEFAULT_MAX_BYTES
    app.extensions[EXTENSION] = register
    app.extensions[COUNTS] = counts or ServiceCounts(register.engine)
    register_errors(app)
    app.teardown_request(lambda _error: choose_language(None))
    settings = register.settings
    if settings.proxies:
        # Forwarded headers are ignored by default.
        app.wsgi_app = behind_proxies(  # type: ignore[method-assign, assignment]
            app.wsgi_app, settings.proxies
        )
    limits = Limits(register, counters or Counters()) if settings.limits is not False else None
    guard(app, authenticate or by_key(register, limits), limits, settings)
    prepare_templates(app)
    prepare_desk(app)
    register_failures(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    measure = metrics.measure_requests()
    app.hooks_before = (
        lambda _facts: _choose_language,
        lambda _facts: refuse_unreadable,
        lambda facts: prepare_body(settings, facts),
        lambda facts: check_caller(app, facts),
    )
    app.hooks_after = (
        lambda _facts: measure,
        count_service,
        keep_audit(register),
        lambda facts: allow_other_sites(settings.cors_origins, facts),
        lambda _facts: add_limits if limits else None,
    )
    app.extensions[DESCRIPTION] = Description().text
    return app


def _choose_language(asked: Request) -> None:
    """Before each request: choose the language by `Accept-Language`; pages choose again.

    Without the header it is reset, since a thread serves many requests.
    """
    if "HTTP_ACCEPT_LANGUAGE" not in asked.environ:
        choose_language(None)
        return
    # Best first (RFC 4647, lookup): `en-GB` means English, even if `vi` follows.
    wanted = (tag.partition("-")[0].lower() for tag, quality in asked.accept_languages if quality)
    choose_language(next((each for each in wanted if each in LANGUAGES), None))
