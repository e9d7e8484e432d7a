"""Programs for desktops, where they are installed: LibreOffice and QGIS, without their windows.

On Debian these are libreoffice-calc with python3-uno, and python3-qgis.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.clients.test_generated import ADDRESS
from tests.support.running import clean_environment
from tests.support.search_world import LANG, World
from tests.support.serving import serving_here

pytestmark = pytest.mark.thorough
PYTHON = "/usr/bin/python3"
"""The distribution's, for which it packs what opens these programs."""
LABEL = "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
FORMULA = '=WEBSERVICE("{url}/v1/cell?column={column}&q=" & ENCODEURL(A1))'
CALC = """
import json, sys, time, uno
pipe, address, *formulas = sys.argv[1:]
here = uno.getComponentContext()
create = here.ServiceManager.createInstanceWithContext
resolver = create("com.sun.star.bridge.UnoUrlResolver", here)
while True:
    try:
        office = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        break
    except Exception:
        time.sleep(0.1)
desktop = office.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", office)
hidden = uno.createUnoStruct("com.sun.star.beans.PropertyValue", "Hidden", 0, True, 0)
document = desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, (hidden,))
sheet, answer = document.Sheets[0], []
sheet.getCellByPosition(0, 0).String = address
for number, formula in enumerate(formulas, 1):
    cell = sheet.getCellByPosition(number, 0)
    cell.Formula = formula
    answer.append([cell.String, cell.getError()])
print(json.dumps(answer))
desktop.terminate()
"""
LOCATOR = """
import json, sys
from qgis.core import (
    QgsApplication, QgsCoordinateTransformContext, QgsFeedback, QgsGeocoderContext,
    QgsNominatimGeocoder,
)
application = QgsApplication([], False)
application.initQgis()
geocoder = QgsNominatimGeocoder("vn", sys.argv[1])
context = QgsGeocoderContext(QgsCoordinateTransformContext())
answer = []
for found in geocoder.geocodeString(sys.argv[2], context, QgsFeedback()):
    point, view = found.geometry().asPoint(), found.viewport()
    answer.append([found.identifier(), point.x(), point.y(), view.contains(point)])
print(json.dumps(answer))
application.exitQgis()
"""


def need(module: str, packages: str) -> None:
    """Pass the test over where the distribution's Python lacks a module of a program."""
    asked = [PYTHON, "-c", f"import {module}"]
    if not Path(PYTHON).exists() or subprocess.run(asked, stderr=subprocess.DEVNULL).returncode:
        pytest.skip(f"needs the packages {packages}")


def ask(program: str, *arguments: str) -> Any:
    """What a program for the distribution's Python prints."""
    answer = subprocess.run(
        [PYTHON, "-c", program, *arguments],
        env=clean_environment() | {"QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with serving_here(world.url) as found:
        yield found


@pytest.fixture
def office(tmp_path: Path) -> Iterator[str]:
    """The pipe on which LibreOffice listens, with settings of its own."""
    need("uno", "libreoffice-calc and python3-uno")
    if shutil.which("soffice") is None:
        pytest.skip("needs the package libreoffice-calc")
    pipe = f"diachiso{os.getpid()}"
    process = subprocess.Popen(
        [
            *("soffice", "--headless", "--norestore", f"--accept=pipe,name={pipe};urp"),
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        ],
        env=clean_environment(),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield pipe
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)


def test_libreoffice_cells_have_the_webservice_results(office: str, url: str, world: World) -> None:
    formulas = [FORMULA.format(url=url, column=column) for column in ("label", "code")]
    label, code = ask(CALC, office, ADDRESS, *formulas)
    assert label == [LABEL, 0]
    assert code[1] == 0
    assert code[0].replace("-", "") == world.codes["27 Láng"]


def test_locator_of_qgis_finds_a_door(url: str) -> None:
    need("qgis.core", "python3-qgis")
    assert ask(LOCATOR, f"{url}/nominatim/search", ADDRESS) == [
        [LABEL, *map(pytest.approx, LANG), True]
    ]
