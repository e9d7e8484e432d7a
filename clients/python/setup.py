"""Builds the package once the part of it that is generated is there."""

from pathlib import Path

from setuptools import setup

if not Path(__file__).with_name("diachiso_client").joinpath("generated").is_dir():
    raise SystemExit("diachiso_client/generated is not there yet: run bin/clients of the checkout")
setup()
