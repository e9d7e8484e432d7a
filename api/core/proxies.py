"""Client address and scheme of a request behind the operator's own proxies."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def behind_proxies(app: "WSGIApplication", proxies: int) -> "WSGIApplication":
    """Wrap the application to trust the last `proxies` entries of `X-Forwarded-For`.

    The same entry of `X-Forwarded-Proto` gives the scheme, or its only one if proxies overwrite it.
    Values other than `http` and `https` are ignored.
    """
    with_address = ProxyFix(app, x_for=proxies, x_proto=0)

    def with_scheme(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        schemes = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")
        scheme = schemes[-min(proxies, len(schemes))].strip().lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        return with_address(environ, start_response)

    return with_scheme
