"""Sends one signed POST to an untrusted receiver.

The name is resolved once and the connection goes to that address, which defeats DNS rebinding.
Private networks are refused, redirects are not followed, response bodies are not read, and
everything has a deadline.
"""

import datetime
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from standardwebhooks.webhooks import Webhook as Signer

from registry.core.deadline import Deadline
from registry.core.errors import InvalidInputError
from registry.core.messages import Message

MAX_URL: Final = 2_000
_AGENT: Final = "diachiso-webhooks/1"
_SILENT_S: Final = 5.0
"""Longest silence of a receiver."""
_WHOLE_S: Final = 15.0
"""Longest duration of a request, against receivers that trickle their response."""
_ADDRESSES: Final = 2
"""Addresses tried per name."""
_PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = ip_network("64:ff9b::/96")
_MOST_WAITED_S: Final = 86_400

Outcome = Literal[
    "delivered",
    "refused",
    "gone",
    "redirected",
    "timeout",
    "unreachable",
    "tls",
    "name_unknown",
    "private_address",
]
"""Outcome of a message; `refused` is any other status than 200 to 299."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The outcome of one attempt."""

    outcome: Outcome
    status: int | None
    """Status of the response; None without one."""
    took_ms: int
    retry_after_s: int = 0
    """From the receiver; 0 if not given."""


def check_url(url: str, hosts: Sequence[str]) -> str:
    """Validate a URL and return it; `hosts` are trusted by the operator.

    Raises InvalidInputError for one that is not https, has a password, or the like. Addresses are
    checked again on connection; names are not resolved here.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = parts = None
    if parts is None or not host or port == 0 or len(url) > MAX_URL or not url.isascii():
        raise _refused("malformed_url", Message("url_form_required"))
    if parts.username is not None or parts.fragment or any(sign in url for sign in " \t\r\n"):
        raise _refused(
            "malformed_url",
            Message("url_parts_forbidden"),
        )
    if host in hosts:
        allowed = parts.scheme in _PORTS
    else:
        allowed = parts.scheme == "https"
        with suppress(ValueError):
            if not is_public(ip_address(host)):
                raise _refused("private_address", Message("address_is_private"))
    if not allowed:
        raise _refused("malformed_url", Message("https_required"))
    return url


def _refused(code: str, detail: Message) -> InvalidInputError:
    return InvalidInputError.of_field("url", code, detail)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is public, also when it is embedded in another.

    >>> [is_public(ip_address(a)) for a in ("8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8")]
    [True, True, True]
    >>> [is_public(ip_address(a)) for a in ("127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1")]
    [False, False, False]
    >>> [is_public(ip_address(a)) for a in ("64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1")]
    [False, False, False]
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo:
            inner = address.teredo[1]
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def signature(secrets: Sequence[bytes], message: str, at: datetime.datetime, body: str) -> str:
    """Return the header `webhook-signature`: a signature for each valid secret."""
    return " ".join(Signer(secret).sign(message, at, body) for secret in secrets)


def post(url: str, message: str, body: str, secrets: Sequence[bytes], hosts: Sequence[str]) -> Sent:
    """Send a message; errors of the receiver or its name are outcomes, not exceptions."""
    began, at = time.monotonic(), datetime.datetime.now(datetime.UTC)
    headers = {
        "content-type": "application/json",
        "user-agent": _AGENT,
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(secrets, message, at, body),
    }
    outcome, status, wait_s = _posted(urlsplit(url), body.encode(), headers, hosts)
    return Sent(outcome, status, round((time.monotonic() - began) * 1000), wait_s)


def _posted(
    url: SplitResult, body: bytes, headers: dict[str, str], hosts: Sequence[str]
) -> tuple[Outcome, int | None, int]:
    host = url.hostname or ""
    try:
        addresses = _addresses(host, url.port or _PORTS[url.scheme])
    except (OSError, UnicodeError):
        return "name_unknown", None, 0
    # With one private address among public ones the next lookup could return it alone.
    if host not in hosts and not all(is_public(ip_address(address)) for address in addresses):
        return "private_address", None, 0
    outcome: Outcome = "unreachable"
    for address in addresses[:_ADDRESSES]:
        try:
            return _request(url, address, body, headers)
        except ssl.SSLError:
            outcome = "tls"
        except TimeoutError:
            outcome = "timeout"
        except (OSError, HTTPException):
            outcome = "unreachable"
    return outcome, None, 0


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def _request(
    url: SplitResult, address: str, body: bytes, headers: dict[str, str]
) -> tuple[Outcome, int | None, int]:
    """POST to the host at this address. Raises OSError and HTTPException."""
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    plain = socket.create_connection((address, port), _SILENT_S)
    with plain, _within(plain):
        is_safe = url.scheme == "https"
        context = ssl.create_default_context() if is_safe else None
        with context.wrap_socket(plain, server_hostname=host) if context else plain as connected:
            client = HTTPConnection(host, url.port)
            client.sock = connected
            target = url._replace(scheme="", netloc="", path=url.path or "/").geturl()
            client.request("POST", target, body, headers)
            answer = client.getresponse()
            wait_s = _wait_s(answer.headers.get("retry-after"))
            return _outcome(answer.status), answer.status, wait_s


@contextmanager
def _within(connected: socket.socket) -> Iterator[None]:
    """Limit the duration of a block. Raises TimeoutError."""
    with Deadline(_WHOLE_S) as deadline:
        deadline.watch(connected)
        try:
            yield
        except (OSError, HTTPException) as error:
            if deadline.is_late:
                raise TimeoutError from error
            raise


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return "delivered"
    if 300 <= status < 400:
        return "redirected"
    return "gone" if status == 410 else "refused"


def _wait_s(retry_after: str | None) -> int:
    """Parse seconds, a day at most. The alternative form, a date, is ignored."""
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return 0
    return min(int(retry_after[:9]), _MOST_WAITED_S)
