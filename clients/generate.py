"""Makes what is generated in clients/, of the description of the API that this checkout serves.

bin/clients calls it, with the tools of the development environment.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from api.app import create_app
from registry.core.settings import ROOT, Settings
from registry.register import Register

CLIENTS = ROOT / "clients"
NODE_MODULES = CLIENTS / "web" / "node_modules"


def main() -> None:
    """Everything, where it is looked for."""
    with tempfile.TemporaryDirectory() as folder:
        description = Path(folder) / "openapi.json"
        description.write_text(json.dumps(describe()), encoding="utf-8")
        python_client(description, CLIENTS / "python" / "diachiso_client")
        print("clients/python is ready: pip install ./clients/python")
        if shutil.which("node") and NODE_MODULES.is_dir():
            web_types(description, CLIENTS / "js")
            print("clients/js is ready: npm install ./clients/js")
        else:
            print("clients/js has no types of the API: node, or the npm registry, is not there")


def describe() -> dict[str, Any]:
    """The description, as a server answers it; no database is asked."""
    register = Register.open(Settings(limits=False), "postgresql://nobody@127.0.0.1:1/nothing")
    try:
        made: dict[str, Any] = create_app(register).test_client().get("/openapi.json").get_json()
    finally:
        register.close()
    return made


def python_client(description: Path, package: Path) -> None:
    """A function for each operation, in `generated` of the package; a warning is an error."""
    config = CLIENTS / "python" / "generator.yml"
    subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
            *("--path", description, "--config", config, "--meta", "none", "--overwrite"),
            *("--output-path", package / "generated"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def web_types(description: Path, folder: Path) -> None:
    """The same as types, in `api.d.ts` of the folder."""
    program = NODE_MODULES / "openapi-typescript" / "bin" / "cli.js"
    subprocess.run(
        ["node", program, description, "--output", folder / "api.d.ts"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    main()
