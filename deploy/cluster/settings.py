"""The settings file of a cluster, read and looked over without asking any machine."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, IPvAnyNetwork, ValidationError
from pydantic_core import ErrorDetails

Role = Literal["etcd", "database", "gate", "web", "worker"]
Port = Annotated[int, Field(ge=1024, le=65535)]
_SIZE: Final = r"^[1-9]\d*(kB|MB|GB)$"
_NAME: Final = r"^[a-z][a-z0-9-]{0,30}$"
_PLACE: Final = r"^/[^\s'\"{}]+$"
_LINE: Final = r"^repo\d-[a-z0-9-]+=.+$"
Size = Annotated[str, Field(pattern=_SIZE)]
Name = Annotated[str, Field(pattern=_NAME)]
Place = Annotated[str, Field(pattern=_PLACE)]
"""A path as it may stand in any of the files."""
Line = Annotated[str, Field(pattern=_LINE)]

_EXAMPLE: Final = "deploy/cluster/example.toml shows how it is written"
_REMEDIES: Final = {
    _SIZE: 'write a whole number and kB, MB or GB without a blank: "8GB"',
    _NAME: "write small letters, digits and -, at most 31, a letter first",
    _PLACE: "write a whole path, from / on, without blanks and quotes",
    _LINE: 'write lines of pgBackRest\'s settings: "repo1-path=/srv/backups"',
    "int": "write a whole number, without quotes",
    "string": "write it in quotes",
    "bool": "write true or false, without quotes",
    "tuple": "write a list: [..., ...]",
    "frozen": "write a list: [..., ...]",
    "ip": "write an address, or a network where one is asked for",
}
"""By what text has to look like, or by the kind of value."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that stands in the way, in one line with its remedy."""

    code: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.code}: {self.what}; {self.remedy}"


class WrongSettingsError(Exception):
    """The file describes no cluster."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Postgresql(_Part):
    """What each PostgreSQL gets of its machine."""

    version: Annotated[int, Field(ge=15, le=30)]
    bin_dir: Place | None = None
    """Of its programs, where that is not Debian's of this version."""
    shared_buffers: Size = "1GB"
    effective_cache_size: Size = "3GB"
    maintenance_work_mem: Size = "256MB"
    max_connections: Annotated[int, Field(ge=20, le=5000)] = 200
    max_slot_wal_keep_size: Size = "50GB"
    least_room: Size = "1GB"

    @property
    def programs(self) -> str:
        """The folder of its programs."""
        return self.bin_dir or f"/usr/lib/postgresql/{self.version}/bin"


class Paths(_Part):
    """Where things lie on each machine."""

    data: Place = "/var/lib/postgresql/diachiso"
    etcd: Place = "/var/lib/etcd/diachiso"
    var: Place = "/var/lib/diachiso"
    files: Place = "/srv/diachiso"
    program: Place = "/opt/diachiso"


class Ports(_Part):
    """The same on every machine."""

    web_entry: Port = 7000
    etcd_client: Port = 7001
    etcd_peer: Port = 7002
    postgresql: Port = 7003
    patroni: Port = 7004
    writer: Port = 7005
    readers: Port = 7006
    pool: Port = 7007
    web: Port = 7010


class Passwords(_Part):
    """Files, each of which holds one."""

    superuser: Place = "/etc/diachiso/passwords/superuser"
    replication: Place = "/etc/diachiso/passwords/replication"
    patroni: Place = "/etc/diachiso/passwords/patroni"
    manager: Place = "/etc/diachiso/passwords/manager"
    program: Place = "/etc/diachiso/passwords/program"
    web: Place = "/etc/diachiso/passwords/web"


class Tls(_Part):
    """Files by which the machines know one another."""

    certificate: Place
    key: Place
    authority: Place


class Backups(_Part):
    """Where pgBackRest keeps what brings back a moment."""

    store: Annotated[tuple[Line, ...], Field(min_length=1)]
    """Lines of its settings."""


class Node(_Part):
    """One machine."""

    name: Name
    address: IPvAnyAddress
    roles: Annotated[frozenset[Role], Field(min_length=1)]
    primary: bool = False

    @property
    def host(self) -> str:
        """Its address as it stands before a port."""
        return f"[{self.address}]" if self.address.version == 6 else str(self.address)


class ClusterSettings(_Part):
    """A cluster, as its file describes it."""

    name: Name
    postgresql: Postgresql
    paths: Paths = Paths()
    ports: Ports = Ports()
    passwords: Passwords = Passwords()
    watchdog: Literal["required", "off"] = "off"
    networks: tuple[IPvAnyNetwork, ...] = ()
    tls: Tls | None = None
    backups: Backups | None = None
    nodes: Annotated[tuple[Node, ...], Field(min_length=1)]

    def having(self, role: Role) -> list[Node]:
        """The nodes of a role, where the register begins first."""
        return sorted((n for n in self.nodes if role in n.roles), key=lambda node: not node.primary)

    def node(self, name: str) -> Node:
        """The node of that name; KeyError."""
        return {node.name: node for node in self.nodes}[name]


_PARTS: Final[dict[str, type[_Part]]] = {
    "postgresql": Postgresql,
    "paths": Paths,
    "ports": Ports,
    "passwords": Passwords,
    "tls": Tls,
    "backups": Backups,
    "nodes": Node,
}


def read(path: Path) -> ClusterSettings:
    """The settings in a file; WrongSettingsError with everything that is wrong in it."""
    try:
        settings = ClusterSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise WrongSettingsError(
            [Complaint("no_settings", f"{path}: {error.strerror}", "name a file that can be read")]
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongSettingsError([Complaint("no_toml", f"{path}: {error}", _EXAMPLE)]) from error
    except ValidationError as error:
        raise WrongSettingsError([_wrong(each) for each in _innermost(error)]) from error
    if complaints := list(_contradictions(settings)):
        raise WrongSettingsError(complaints)
    return settings


def _innermost(error: ValidationError) -> list[ErrorDetails]:
    """Its errors, without those of a whole of which a part is wrong."""
    errors = error.errors()
    wholes = {each["loc"][:length] for each in errors for length in range(len(each["loc"]))}
    return [each for each in errors if each["loc"] not in wholes]


def _wrong(error: ErrorDetails) -> Complaint:
    place, context = ".".join(map(str, error["loc"])), error.get("ctx", {})
    what = f"{place} is {json.dumps(error['input'], ensure_ascii=False, default=str)}"
    match error["type"]:
        case "extra_forbidden":
            part = _PARTS[str(error["loc"][0])] if len(error["loc"]) > 1 else ClusterSettings
            near = get_close_matches(str(error["loc"][-1]), part.model_fields, n=1)
            what = f"{place} is no setting"
            remedy = f"write {near[0]}" if near else f"there are {', '.join(part.model_fields)}"
        case "missing":
            what, remedy = f"{place} is not there", f"add it: {_EXAMPLE}"
        case "string_pattern_mismatch":
            remedy = _REMEDIES[context["pattern"]]
        case "greater_than_equal":
            remedy = f"write a number of at least {context['ge']}"
        case "less_than_equal":
            remedy = f"write a number of at most {context['le']}"
        case "literal_error":
            remedy = f"write {context['expected']}"
        case kind:
            remedy = _REMEDIES.get(kind.partition("_")[0], _EXAMPLE)
    return Complaint("wrong_setting", what, remedy)


def _contradictions(settings: ClusterSettings) -> Iterator[Complaint]:
    nodes = settings.nodes
    for name in _twice(node.name for node in nodes):
        yield Complaint("two_of_a_name", f"two nodes are called {name}", "give one another name")
    for address in _twice(str(node.address) for node in nodes):
        yield Complaint(
            "two_of_an_address",
            f"two nodes have the address {address}",
            "every node is a machine of its own, since all use the same ports",
        )
    ports = [(name, port) for name, port in settings.ports]
    for (one, port), (other, also) in combinations(ports, 2):
        if port == also:
            yield Complaint(
                "two_of_a_port", f"ports.{one} and ports.{other} are both {port}", "change one"
            )
    primaries = [node.name for node in nodes if node.primary]
    if len(primaries) > 1:
        yield Complaint(
            "two_primaries",
            f"{' and '.join(primaries)} say primary = true",
            "leave it at the one where the register begins; Patroni decides afterwards",
        )
    yield from _roles(settings)
    yield from _paths(settings)


def _twice(values: Iterable[str]) -> list[str]:
    seen = list(values)
    return sorted({value for value in seen if seen.count(value) > 1})


def _roles(settings: ClusterSettings) -> Iterator[Complaint]:
    members = len(settings.having("etcd"))
    if members not in (3, 5, 7):
        yield Complaint(
            "etcd_members",
            f"{members} nodes have the role etcd",
            "give it to 3 or 5: a majority must outlive the loss of one",
        )
    if len(settings.having("database")) < 3:
        yield Complaint(
            "too_few_databases",
            f"{len(settings.having('database'))} nodes have the role database",
            "give it to 3: with two, each loss leaves one copy and no reader",
        )
    for role in ("gate", "web", "worker"):
        if not settings.having(role):
            yield Complaint("nobody_does_it", f"no node has the role {role}", "give it to two")
    both = [node.name for node in settings.nodes if {"etcd", "database"} <= node.roles]
    if both and settings.watchdog == "off":
        yield Complaint(
            "etcd_beside_database",
            f"etcd and database are both on {', '.join(both)}",
            'give etcd machines of its own, or set watchdog = "required" (see docs/cluster.md)',
        )
    for node in settings.nodes:
        if node.primary and "database" not in node.roles:
            yield Complaint(
                "primary_without_database",
                f"{node.name} says primary = true and has no role database",
                "say it at a node that has",
            )
        if node.roles & {"web", "worker"} and "gate" not in node.roles:
            yield Complaint(
                "web_without_gate",
                f"{node.name} has web or worker and no gate",
                "add gate: the program connects through the gate of its own machine",
            )


def _paths(settings: ClusterSettings) -> Iterator[Complaint]:
    paths = [(name, Path(path)) for name, path in settings.paths]
    for (one, path), (other, also) in combinations(paths, 2):
        if path.is_relative_to(also) or also.is_relative_to(path):
            yield Complaint(
                "paths_overlap",
                f"paths.{one} and paths.{other} overlap ({path}, {also})",
                "part them",
            )
