"""Compiles the catalogues into the packages; everything else is in setup.cfg."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))  # a build backend does not add it


class BuildPy(build_py):
    """Copies the packages, with the catalogues as gettext reads them."""

    def run(self) -> None:
        """Compile, then copy."""
        from registry.core.messages import compile_catalogues

        compile_catalogues()
        super().run()


setup(cmdclass={"build_py": BuildPy})
