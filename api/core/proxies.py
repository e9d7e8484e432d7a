"""What the operator's own proxies say of a request: whose it is, and by which scheme it came."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def behind_proxies(app: "WSGIApplication", proxies: int) -> "WSGIApplication":
    """The application, which believes so many entries of `X-Forwarded-For`, counted from the right.

    And the same entry of `X-Forwarded-Proto`, or its first where proxies write theirs over the one
    before: `http` or `https`, what else it says is not heard.
    """
    with_address = ProxyFix(app, x_for=proxies, x_proto=0)

    def with_scheme(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        said = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")
        scheme = said[-min(proxies, len(said))].strip().lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        return with_address(environ, start_response)

    return with_scheme
