"""Settings: the only place where the environment is read."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry.core.messages import LANGUAGES, Message

_SITE = re.compile(r"https?://[^\s/?#@]+/?")
_ISSUER = re.compile(
    r"https://[^\s?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/[^\s?#@]*)?"
)
_TILES = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?/[^\s\"'<>;,]*")
_SERVICE = re.compile(r"https?://[^\s?#@]+")
_SEVERAL = re.compile(
    r"(?P<start>postgres(?:ql)?(?:\+\w+)?://(?:[^@/?#]*@)?)(?P<hosts>[^@/?#]*,[^@/?#]*)(?P<rest>.*)"
)
_HOST = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]*)(?::(?P<port>\d+))?")
_PMTILES = b"PMTiles\x03"
"""Magic number of a PMTiles file, version 3."""
_ELSEWHERE = re.compile("DIACHISO_(SHARED|SEED_WHEELS|BROWSER_MS|PREPARED_BY)")
"""Variables of tests and of the seed scripts."""
_SWITCH = {"on": True, "off": False, "1": True, "0": False, "true": True, "false": False}

ROOT = Path(__file__).resolve().parents[2]
"""The folder of `registry/`: the checkout, or where the packages are installed."""
IS_CHECKOUT = (ROOT / "setup.cfg").is_file()
SHARE = ROOT if IS_CHECKOUT else Path(sys.prefix, "share", "diachiso")
"""The folder of data files, in the checkout's layout: migrations, pages of the documentation, parts
that pages load."""
_VAR = ROOT / "var" if IS_CHECKOUT else Path(os.path.expanduser("~/.local/state/diachiso"))  # noqa: PTH111 - leaves `~` where there is no home


@dataclass(frozen=True, slots=True)
class Settings:
    """The operator's settings: each field is an environment variable (`variable_of`).

    The docstrings are the text of docs/reference/settings.md.
    """

    database_url: str | None = None
    """The database, as `postgresql://user:password@host/database`; in the password write `%`, `@`,
    `/`, `:`, `#` as `%25`, `%40`, `%2F`, `%3A`, `%23`. Unset: the private cluster of `bin/run`."""
    database_read_url: str | None = None
    """A streaming replica for reads."""
    database_web_url: str | None = None
    """The same database through a pooler, for the web processes only."""
    replica_age_s: int = 15
    """The replica is read while its newest commit is at most this many seconds old."""
    var: Path = _VAR
    """Folder of the private cluster, spill files and the lock of `bin/run`; of an installed package
    `~/.local/state/diachiso`."""
    files: Path | None = None
    """Folder of delivered files, reports and open data, shared by all web nodes. Unset:
    `DIACHISO_VAR`."""
    backups: Path | None = None
    """Point-in-time backups: a folder, or a file of pgBackRest settings (`.conf`)."""
    pool_size: int = 3
    """Database connections and request threads of a server process. Raise `--workers` first."""
    statement_timeout_ms: int = 10_000
    """Milliseconds that one web request may keep the database busy."""
    batch_rows: int = 10_000
    """Maximum rows of a batch over HTTP."""
    batch_bytes: int = 10_000_000
    """Maximum bytes of a batch over HTTP."""
    large_batch_rows: int = 1_000_000
    """Maximum rows of a file that a job answers."""
    cors_origins: tuple[str, ...] = ("*",)
    """Sites whose pages may call public endpoints, separated by spaces; `none` for none."""
    anonymous_reads: bool = True
    """`off`: everything needs a key but `/healthz`, `/readyz`, `/openapi.json` and `/static`."""
    limits: bool | None = None
    """`on` or `off`: count and limit requests and disclosed codes. Unset: on, except on the private
    cluster while it listens to its own machine only, without proxies."""
    ipv6_prefix: int = 64
    """Callers without a key are one caller if so many bits of their IPv6 addresses agree (16 to
    64)."""
    rate_per_address: int = 600
    """Requests a minute of a network address without a key."""
    rate_per_key: int = 6_000
    """Requests a minute of a key without a rate of its own."""
    budget_per_address: int = 600
    """Budget of disclosed codes of a network address without a key, an hour."""
    budget_per_key: int = 100_000
    """Budget of disclosed codes of a key, an hour."""
    key_age_s: int = 3_600
    """While the primary is down, keys are checked on a replica at most this many seconds old."""
    reports_per_address: int = 20
    """Field reports a day of a network address without a key."""
    reports_per_key: int = 20_000
    """Field reports a day of a key."""
    public_url: str | None = None
    """Address of the site, as `https://diachi.vn`, for QR codes and shared links; set it before
    plates are printed. Unset: that of the request."""
    basemap: str | None = None
    """Base map below the records: a PMTiles file, or the URL of tiles with `{z}`, `{x}`, `{y}`."""
    basemap_attribution: str = ""
    """Its attribution, as `© OpenStreetMap`. Unset: what the file has."""
    leave_s: int = 0
    """Seconds that `bin/run` goes on serving after a stop signal, with `/readyz` failing already:
    as long as the proxy takes to notice."""
    proxies: int = 0
    """How many of your proxies stand before the server: so many entries of `X-Forwarded-For` and
    `X-Forwarded-Proto` are trusted, from the right."""
    pack_keys: Path | None = None
    """File of the private keys that sign packs, the same on all nodes. Unset: `keys/pack-keys.json`
    in `DIACHISO_FILES`."""
    open_packs: bool = False
    """`on`: packs need no key."""
    draft_schemes: bool = False
    """`on`: identifiers of draft schemes are accepted."""
    open_metrics: bool = False
    """`on`: `/metrics` needs no key."""
    audit_days: int = 730
    """Days that the audit log is kept; at least 31."""
    import_bytes: int = 2_000_000_000
    """Maximum bytes of an import over HTTP, which takes twice its size on disk."""
    import_days: int = 30
    """Days that an imported file and its reports are kept."""
    imports_at_once: int = 2
    """Dry runs of imports side by side, of different keys; each may take 500 MB of memory."""
    open_data: tuple[str, ...] = ("units", "successions", "coverage")
    """Published files of open data; `none` for none."""
    webhook_hosts: tuple[str, ...] = ()
    """Hosts, separated by spaces, that webhooks may reach in private networks or by http."""
    routing_url: str | None = None
    """Your OSRM server, as `http://10.0.0.9:5000`; it receives points only. Unset: straight
    lines."""
    oidc_issuer: str | None = None
    """Exact issuer URL of the identity provider whose accounts may sign in at the desk."""
    oidc_client_id: str = ""
    """The register's client id there; required with an issuer."""
    oidc_client_secret: str | None = field(default=None, repr=False)
    """The client secret. Unset: a public client."""
    oidc_role_claim: str = "diachiso_role"
    """The claim that names the role: `viewer`, `editor`, `approver` or `admin`."""
    oidc_units_claim: str = "diachiso_units"
    """The claim that lists unit codes; `VN` for a viewer or administrator of the whole country."""
    lang: str | None = None
    """Language of the commands, `vi` or `en`. Unset: Vietnamese with the English in brackets."""

    @property
    def leaving(self) -> Path:
        """A file that is there while the service ends."""
        return self.var / "leaving"

    @property
    def kept(self) -> Path:
        """The folder below which delivered files, their reports and open data lie."""
        return self.files or self.var


def variable_of(name: str) -> str:
    """The environment variable of a field of the settings.

    >>> variable_of("database_url"), variable_of("pool_size")
    ('DATABASE_URL', 'DIACHISO_POOL_SIZE')
    """
    return name.upper() if name.startswith("database") else f"DIACHISO_{name.upper()}"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment; an empty variable counts as absent.

    Secrets may be in files: `DATABASE_URL_FILE` names one that holds the `DATABASE_URL`.
    Raises ValueError, which names the variable, for an invalid value.
    """

    def text(name: str) -> str | None:
        return environ.get(name, "").strip() or None

    def number(name: str, default: int, least: int = 1, most: int | None = None) -> int:
        value = text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or int(value) < least:
            raise ValueError(
                Message("setting_not_whole", name=name, least=least, value=repr(value))
            )
        if most is not None and int(value) > most:
            raise ValueError(Message("setting_too_high", name=name, most=most, value=repr(value)))
        return int(value)

    def switch(name: str, *, default: bool = False) -> bool:
        value = text(name)
        if value is None:
            return default
        if value.lower() not in _SWITCH:
            raise ValueError(Message("setting_not_switch", name=name, value=repr(value)))
        return _SWITCH[value.lower()]

    database_url = _database("DATABASE_URL", _secret(environ, "DATABASE_URL"))
    database_web_url = _database("DATABASE_WEB_URL", _secret(environ, "DATABASE_WEB_URL"))
    if database_web_url and not database_url:
        raise ValueError(Message("web_url_alone"))
    var = text("DIACHISO_VAR")
    return Settings(
        database_url=database_url,
        database_read_url=_database("DATABASE_READ_URL", _secret(environ, "DATABASE_READ_URL")),
        database_web_url=database_web_url,
        replica_age_s=number("DIACHISO_REPLICA_AGE_S", Settings().replica_age_s),
        var=Path(var).resolve() if var else Settings().var,
        files=Path(files).resolve() if (files := text("DIACHISO_FILES")) else None,
        backups=Path(backups).resolve() if (backups := text("DIACHISO_BACKUPS")) else None,
        pool_size=number("DIACHISO_POOL_SIZE", Settings().pool_size),
        statement_timeout_ms=number(
            "DIACHISO_STATEMENT_TIMEOUT_MS", Settings().statement_timeout_ms
        ),
        batch_rows=number("DIACHISO_BATCH_ROWS", Settings().batch_rows),
        batch_bytes=number("DIACHISO_BATCH_BYTES", Settings().batch_bytes),
        large_batch_rows=number("DIACHISO_LARGE_BATCH_ROWS", Settings().large_batch_rows),
        cors_origins=tuple((text("DIACHISO_CORS_ORIGINS") or "*").split()),
        anonymous_reads=switch("DIACHISO_ANONYMOUS_READS", default=Settings().anonymous_reads),
        limits=switch("DIACHISO_LIMITS") if text("DIACHISO_LIMITS") else None,
        ipv6_prefix=number("DIACHISO_IPV6_PREFIX", Settings().ipv6_prefix, 16, 64),
        rate_per_address=number("DIACHISO_RATE_PER_ADDRESS", Settings().rate_per_address),
        rate_per_key=number("DIACHISO_RATE_PER_KEY", Settings().rate_per_key),
        budget_per_address=number("DIACHISO_BUDGET_PER_ADDRESS", Settings().budget_per_address, 0),
        budget_per_key=number("DIACHISO_BUDGET_PER_KEY", Settings().budget_per_key, 0),
        key_age_s=number("DIACHISO_KEY_AGE_S", Settings().key_age_s, 0),
        reports_per_address=number("DIACHISO_REPORTS_PER_ADDRESS", Settings().reports_per_address),
        reports_per_key=number("DIACHISO_REPORTS_PER_KEY", Settings().reports_per_key),
        public_url=_site("DIACHISO_PUBLIC_URL", text("DIACHISO_PUBLIC_URL")),
        basemap=_basemap(text("DIACHISO_BASEMAP")),
        basemap_attribution=text("DIACHISO_BASEMAP_ATTRIBUTION") or "",
        leave_s=number("DIACHISO_LEAVE_S", Settings().leave_s, 0),
        proxies=number("DIACHISO_PROXIES", Settings().proxies, 0),
        pack_keys=Path(keys).resolve() if (keys := text("DIACHISO_PACK_KEYS")) else None,
        draft_schemes=switch("DIACHISO_DRAFT_SCHEMES", default=Settings().draft_schemes),
        open_packs=switch("DIACHISO_OPEN_PACKS", default=Settings().open_packs),
        open_metrics=switch("DIACHISO_OPEN_METRICS", default=Settings().open_metrics),
        audit_days=number("DIACHISO_AUDIT_DAYS", Settings().audit_days, 31),
        import_bytes=number("DIACHISO_IMPORT_BYTES", Settings().import_bytes),
        import_days=number("DIACHISO_IMPORT_DAYS", Settings().import_days),
        imports_at_once=number("DIACHISO_IMPORTS_AT_ONCE", Settings().imports_at_once),
        open_data=_names(text("DIACHISO_OPEN_DATA"), Settings().open_data),
        webhook_hosts=tuple((text("DIACHISO_WEBHOOK_HOSTS") or "").lower().split()),
        routing_url=_routing(text("DIACHISO_ROUTING_URL")),
        oidc_issuer=_issuer(text("DIACHISO_OIDC_ISSUER"), text("DIACHISO_OIDC_CLIENT_ID")),
        oidc_client_id=text("DIACHISO_OIDC_CLIENT_ID") or "",
        oidc_client_secret=_secret(environ, "DIACHISO_OIDC_CLIENT_SECRET"),
        oidc_role_claim=text("DIACHISO_OIDC_ROLE_CLAIM") or Settings().oidc_role_claim,
        oidc_units_claim=text("DIACHISO_OIDC_UNITS_CLAIM") or Settings().oidc_units_claim,
        lang=language_of(environ),
    )


def _secret(environ: Mapping[str, str], name: str) -> str | None:
    """Return the variable, or else the content of the file that `NAME_FILE` names."""
    value, path = (environ.get(key, "").strip() for key in (name, f"{name}_FILE"))
    if value or not path:
        return value or None
    try:
        content = Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise ValueError(
            Message("setting_file_unreadable", name=name, reason=error.strerror)
        ) from error
    if not content:
        raise ValueError(Message("setting_file_empty", name=name))
    return content


def language_of(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return `DIACHISO_LANG`. Raises ValueError for an unavailable language."""
    value = environ.get("DIACHISO_LANG", "").strip() or None
    if value is not None and value not in LANGUAGES:
        offered = " | ".join(LANGUAGES)
        raise ValueError(
            Message("setting_unfit", name="DIACHISO_LANG", example=offered, value=repr(value))
        )
    return value


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return variables named like settings that are not settings, usually typing errors."""
    known: set[str] = set()

    class Recorder(dict[str, str]):
        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
            known.add(name)
            return default

    from_environment(Recorder())
    ours = {name for name in environ if name.startswith("DIACHISO_")}
    return sorted(name for name in ours - known if not _ELSEWHERE.fullmatch(name))


def _database(name: str, value: str | None) -> str | None:
    """Validate a database URL; errors do not quote it, as it may contain a password."""
    if value is None:
        return None
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    one = _one_form(value, "prefer-standby" if name == "DATABASE_READ_URL" else "primary")
    try:
        url = make_url(one)
        is_ours = url.get_backend_name() in ("postgresql", "postgres")
    except (ArgumentError, ValueError):
        is_ours = False
    if not is_ours:
        raise ValueError(Message("database_url_unfit", name=name))
    if len(url.normalized_query.get("host", ())) > 1:
        raise ValueError(Message("database_servers_unfit", name=name))
    return one


def _one_form(value: str, wanted: str) -> str:
    """Normalise a URL of several servers to the form that all programs here understand.

    `wanted` is the default of `target_session_attrs`. `primary` replaces `read-write`, which
    read-only sessions, such as the doctor's, would not find.
    """
    several = _SEVERAL.fullmatch(value)
    hosts = [_HOST.fullmatch(host) for host in several["hosts"].split(",")] if several else []
    if several is not None and all(hosts):
        rest, _, query = several["rest"].partition("?")
        listed = ",".join(host["host"].strip("[]") for host in hosts if host)
        ports = ",".join(host["port"] or "5432" for host in hosts if host)
        value = f"{several['start']}{rest or '/'}?host={listed}&port={ports}&{query}".rstrip("&")
    if re.search(r"[?&]host=[^&]*,", value) and "target_session_attrs=" not in value:
        value += f"&target_session_attrs={wanted}"
    return value.replace("target_session_attrs=read-write", "target_session_attrs=primary")


def _names(value: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """Split into words; `none` for an empty list."""
    if value is None:
        return default
    return () if value.lower() == "none" else tuple(value.split())


def _site(name: str, value: str | None) -> str | None:
    """Validate the base URL of a site and strip its trailing slash."""
    if value is not None and not _SITE.fullmatch(value):
        raise ValueError(
            Message("setting_unfit", name=name, example="https://diachi.vn", value=repr(value))
        )
    return value and value.rstrip("/")


def _routing(value: str | None) -> str | None:
    """Validate the base URL of a service, which may have a path."""
    if value is not None and not _SERVICE.fullmatch(value):
        raise ValueError(
            Message(
                "setting_unfit",
                name="DIACHISO_ROUTING_URL",
                example="http://osrm:5000",
                value=repr(value),
            )
        )
    return value and value.rstrip("/")


def _basemap(value: str | None) -> str | None:
    """Validate a URL of tiles, fit for a Content-Security-Policy, or a file of tiles."""
    if value is None:
        return None
    if "://" in value:
        if not _TILES.fullmatch(value) or any(part not in value for part in ("{z}", "{x}", "{y}")):
            raise ValueError(
                Message(
                    "setting_unfit",
                    name="DIACHISO_BASEMAP",
                    example="https://tiles.vn/{z}/{x}/{y}.png",
                    value=repr(value),
                )
            )
        return value
    path = Path(value).resolve()
    try:
        with path.open("rb") as file:
            begins = file.read(len(_PMTILES))
    except OSError as error:
        raise ValueError(Message("basemap_unreadable", reason=error.strerror)) from error
    if begins != _PMTILES:
        raise ValueError(Message("basemap_not_pmtiles"))
    return str(path)


def _issuer(value: str | None, client_id: str | None) -> str | None:
    """Validate the URL of an identity provider: https, unless it is on this machine."""
    if value is not None and not _ISSUER.fullmatch(value):
        raise ValueError(
            Message(
                "setting_unfit",
                name="DIACHISO_OIDC_ISSUER",
                example="https://dang-nhap.vn",
                value=repr(value),
            )
        )
    if value is not None and client_id is None:
        raise ValueError(Message("issuer_without_client"))
    return value
