"""The program's commands, called in this process."""

from collections.abc import Callable

from click.testing import CliRunner, Result

from scripts.main import diachiso

Run = Callable[..., Result]


def call(*arguments: object) -> Result:
    """What `diachiso` does with these words, its errors as they were raised."""
    return CliRunner().invoke(diachiso, [*map(str, arguments)], standalone_mode=False)
