"""A reader of packs written from docs/pack.md alone: nothing of the program is imported."""

import gzip
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet


class RefusedError(ValueError):
    """Why a pack is not taken."""


def read_pack(body: bytes, keys: dict[str, Any], register: str | None = None) -> dict[str, Any]:
    """The header of a pack, with its content as `held`; checked in the page's order."""
    line, _, rest = body.partition(b"\n")
    if line.count(b".") != 2:
        raise RefusedError("not a pack")
    try:
        signed = jws.extract_compact(line)
    except (JoseError, ValueError):
        raise RefusedError("not a pack") from None
    kid = signed.headers().get("kid")
    if kid not in [key["kid"] for key in keys["keys"]]:
        raise RefusedError("unknown key")
    try:
        found = jws.deserialize_compact(line, KeySet.import_key_set(keys), algorithms=["Ed25519"])
    except JoseError:
        raise RefusedError("altered") from None
    header = json.loads(found.payload)
    if (header["format"], header["version"]) != ("diachiso-pack", 1):
        raise RefusedError("another version")
    if register is not None and header["register"] != register:
        raise RefusedError("another register")
    if len(rest) < header["content"]["bytes"]:
        raise RefusedError("cut off")
    if hashlib.sha256(rest).hexdigest() != header["content"]["sha256"]:
        raise RefusedError("altered")
    return {**header, "held": json.loads(gzip.decompress(rest))}


def eights(text: str) -> list[str]:
    """Codes of one text."""
    return [text[at : at + 8] for at in range(0, len(text), 8)]


@dataclass
class Copy:
    """The client's copy after a whole pack and later changes."""

    doors: dict[str, dict[str, Any]] = field(default_factory=dict)
    retired: dict[str, list[str]] = field(default_factory=dict)
    newest: dict[str, Any] = field(default_factory=dict)

    def take(self, pack: dict[str, Any]) -> None:
        """Put a pack in place of all, or on top."""
        if pack["kind"] == "whole":
            self.doors, self.retired = {}, {}
        else:
            assert pack["since"] == self.newest["cursor"]
        held, retired = pack["held"], pack["held"]["retired"]
        self.newest = pack
        gone = dict(zip(eights(retired["code"]), map(eights, retired["to"]), strict=True))
        doors = {door["code"]: door for door in self._doors(held)}
        for code in {*eights(held.get("removed", "")), *gone, *doors}:
            self.doors.pop(code, None)
            self.retired.pop(code, None)
        self.doors |= doors
        self.retired |= gone

    def _doors(self, held: dict[str, Any]) -> list[dict[str, Any]]:
        columns = held["doors"]
        doors: list[dict[str, Any]] = [{"code": code} for code in eights(columns["code"])]
        assert len(doors) == columns["count"]
        for name, column in columns.items():
            if name not in ("count", "code"):
                values = column if isinstance(column, list) else [column] * len(doors)
                for door, value in zip(doors, values, strict=True):
                    door[name] = value
        for axis in ("x", "y"):
            last = 0
            for door in doors:
                if door[axis] is not None:
                    door[axis] = last = last + door[axis]
        for door in doors:
            door["before"] = held["before"][door["before"]]
            for name, table in (("street", "streets"), ("locality", "localities")):
                if door[name] is not None:
                    door[name] = held[table]["id"][door[name]]
        self._add_past(held, doors)
        self._add_entrances(held["entrances"], doors)
        return doors

    @staticmethod
    def _add_entrances(columns: dict[str, Any], doors: list[dict[str, Any]]) -> None:
        x = y = 0
        for row in zip(*columns.values(), strict=True):
            entrance = dict(zip(columns, row, strict=True))
            x, y = x + entrance.pop("x"), y + entrance.pop("y")
            expected = {**entrance, "lon": x / 1e6, "lat": y / 1e6}
            doors[expected.pop("door")].setdefault("entrances", []).append(expected)

    @staticmethod
    def _add_past(held: dict[str, Any], doors: list[dict[str, Any]]) -> None:
        before, former = held["labels_before"], held["former_numbers"]
        for at, label in zip(before["door"], before["label"], strict=True):
            doors[at]["label_before"] = label
        rows = zip(former["door"], former["number"], former["street"], strict=True)
        for at, number, street in rows:
            doors[at].setdefault("former_numbers", []).append((number, street))

    def entrances(self, code: str) -> list[dict[str, Any]]:
        """Where one gets in, as the register answers it: its own, or its building's."""
        door = self.doors[code]
        if "entrances" in door or door["parent"] is None:
            return [{**each, "of": None} for each in door.get("entrances", [])]
        building = self.doors.get(door["parent"], {})
        return [{**each, "of": door["parent"]} for each in building.get("entrances", [])]

    def label(self, code: str) -> str:
        """Today's."""
        units = self.newest["held"]["commune"]["words"]
        return self._line(self.doors[code], units, then=False)

    def label_before(self, code: str) -> str | None:
        """That of 30 June 2025."""
        door = self.doors[code]
        if "label_before" in door:
            return door["label_before"]  # type: ignore[no-any-return]
        return None if door["before"] is None else self._line(door, door["before"], then=True)

    def _line(self, door: dict[str, Any], units: str, *, then: bool) -> str:
        held = self.newest["held"]
        streets, localities = held["streets"], held["localities"]
        street = None
        if door["street"] is not None:
            at = streets["id"].index(door["street"])
            street = (then and streets["before"][at]) or streets["name"][at]
        words = [door["inside"], " ".join(filter(None, (door["number"], street)))]
        at = None if door["locality"] is None else localities["id"].index(door["locality"])
        if then and at is not None and localities["before"][at]:
            words.append(localities["before"][at])
            at = None
        while at is not None:
            words.append(localities["name"][at])
            at = localities["in"][at]
        return ", ".join(filter(None, (*words, units)))

    def onward(self, code: str) -> set[str]:
        """What continues a retired code."""
        ends: set[str] = set()
        for heir in self.retired.get(code, []):
            ends |= self.onward(heir) if heir in self.retired else {heir}
        return ends
