"""Packages that the program brings: `python -m scripts.components notice | check | sbom FILE`.

`notice` writes the list of packages and licences in NOTICE, `check` compares it, `sbom` writes a
CycloneDX document. All read what is installed of requirements.lock, and package-lock.json;
`--client` writes that of clients/python beside it.
"""

import argparse
import configparser
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from registry.core.settings import ROOT

NOTICE: Final = ROOT / "NOTICE"
_BEGIN: Final = "Packages and licences, written by python -m scripts.components notice:\n\n"
_END: Final = "\n(end of the list)\n"
REFUSED: Final = re.compile(r"(?<!L)GPL|GNU (?!Lesser)|Affero", re.IGNORECASE)
_LONGEST: Final = 60
"""Characters of a licence's name; some packages put its text there."""
_CLASSIFIER: Final = "License :: "
# What the metadata of these does not name, as their distributions have it.
_KNOWN: Final = {"blinker": "MIT", "itsdangerous": "BSD-3-Clause", "jinja2": "BSD-3-Clause"}


def required(extra: str = "server") -> list[Requirement]:
    """What the program asks for itself, with an extra of setup.cfg."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = config["options"]["install_requires"] + config["options.extras_require"][extra]
    return [Requirement(line) for line in lines.splitlines() if line.strip()]


def required_by_client() -> list[Requirement]:
    """The same of clients/python."""
    project = tomllib.loads((ROOT / "clients" / "python" / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"]]


def distributions(wanted: Iterable[Requirement]) -> dict[str, Distribution]:
    """Name → installed distribution, of everything that is needed, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        each = waiting.pop()
        name = canonicalize_name(each.name)
        found[name] = distribution(each.name)
        for extra in {"", *each.extras} - {known for of, known in seen if of == name}:
            seen.add((name, extra))
            waiting += _asked(found[name], extra)
    return dict(sorted(found.items()))


def _asked(of: Distribution, extra: str) -> Iterator[Requirement]:
    for line in of.requires or ():
        each = Requirement(line)
        if each.marker is None or each.marker.evaluate({"extra": extra}):
            yield each


def licence(of: Distribution) -> str:
    """The name of its licence, as its metadata has it."""
    described: Any = of.metadata
    written = described.get("License-Expression") or described.get("License") or ""
    if not written or "\n" in written or len(written) > _LONGEST:
        named = [
            each.removeprefix(_CLASSIFIER).rpartition(" :: ")[2]
            for each in described.get_all("Classifier", ())
            if each.startswith(_CLASSIFIER)
        ]
        written = _KNOWN.get(canonicalize_name(of.name)) or " AND ".join(named)
    return str(written)


def npm_packages(folder: Path = ROOT) -> Iterator[dict[str, str]]:
    """Name, version and licence of each package of a package-lock.json, of what pages load."""
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    for path, each in sorted(lock["packages"].items()):
        if path:
            name = path.rpartition("node_modules/")[2]
            yield {"name": name, "version": each["version"], "licence": each.get("license", "")}


def notice() -> str:
    """NOTICE with the list of today."""
    program = _licences(required())
    pages = {each["name"]: each["licence"] for each in npm_packages()}
    client = {each["name"]: each["licence"] for each in npm_packages(ROOT / "clients" / "js")}
    clients = client | _licences(required_by_client())
    tools = _licences(required("dev"))
    shown = ""
    for title, licences in (
        ("Of the program:", program),
        ("Of pages:", pages),
        ("Of clients:", clients),
        (
            "Of developers alone:",
            {name: tools[name] for name in tools.keys() - program.keys() - clients.keys()},
        ),
    ):
        shown += f"{title}\n"
        shown += "".join(f"  {name}: {named}\n" for name, named in sorted(licences.items()))
    before, _, rest = NOTICE.read_text(encoding="utf-8").partition(_BEGIN)
    return f"{before}{_BEGIN}{shown}{_END}{rest.partition(_END)[2]}"


def _licences(wanted: list[Requirement]) -> dict[str, str]:
    return {name: licence(of) for name, of in distributions(wanted).items()}


def problems() -> list[str]:
    """What is wrong with licences: unknown, refused, or not as NOTICE has them."""
    known = _licences(required()) | _licences(required_by_client())
    known |= {each["name"]: each["licence"] for each in npm_packages()}
    found = [f"{name}: no licence is known" for name, named in known.items() if not named]
    found += [f"{name}: {named}" for name, named in known.items() if REFUSED.search(named)]
    if notice() != NOTICE.read_text(encoding="utf-8"):
        found.append("NOTICE is not current: python -m scripts.components notice")
    return found


def installed() -> dict[str, Any]:
    """A CycloneDX document of this environment, the same for the same packages."""
    program = Path(sys.executable).with_name("cyclonedx-py")
    options = ("--output-reproducible", "--no-validate")
    made = subprocess.check_output((program, "environment", *options, sys.executable))
    document: dict[str, Any] = json.loads(made)
    return document


def sbom(
    made: dict[str, Any], wanted: list[Requirement], component: dict[str, str], *, browser: bool
) -> dict[str, Any]:
    """Of a document of an environment what `component` needs, and what its pages load."""
    names = distributions(wanted)
    parts = [each for each in made["components"] if canonicalize_name(each["name"]) in names]
    refs = {each["bom-ref"] for each in parts}
    direct = {canonicalize_name(each.name) for each in wanted}
    own = {"type": "application", "bom-ref": component["name"], **component}
    depends = [
        {**each, "dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in refs]}
        for each in made["dependencies"]
        if each["ref"] in refs
    ]
    first = [each["bom-ref"] for each in parts if canonicalize_name(each["name"]) in direct]
    if browser:
        loaded = [_npm_component(each) for each in npm_packages()]
        parts += loaded
        first += [each["bom-ref"] for each in loaded]
    depends.append({"ref": component["name"], "dependsOn": sorted(first)})
    return {
        **made,
        "metadata": {**made["metadata"], "component": own},
        "components": parts,
        "dependencies": depends,
    }


def _npm_component(each: dict[str, str]) -> dict[str, Any]:
    purl = f"pkg:npm/{each['name'].replace('@', '%40')}@{each['version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": each["name"],
        "version": each["version"],
        "purl": purl,
        "licenses": [{"license": {"name": each["licence"]}}],
    }


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Exit status 1 where `check` finds something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("notice", "check", "sbom"))
    parser.add_argument("file", nargs="?", type=Path, default=Path("sbom.cdx.json"))
    parser.add_argument("--client", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if asked.what == "notice":
        NOTICE.write_text(notice(), encoding="utf-8")
    elif asked.what == "check":
        found = problems()
        print(*found, sep="\n")
        return 1 if found else 0
    else:
        from registry.core.release import release

        made, version = installed(), {"version": release()}
        program = sbom(made, required(), {"name": "diachiso", **version}, browser=True)
        _write(asked.file, program)
        if asked.client:
            component = {"name": "diachiso-client", **version}
            _write(asked.client, sbom(made, required_by_client(), component, browser=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
