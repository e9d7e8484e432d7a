"""`diachiso`: one command with sub-commands, each in a module of its own."""

import os
import sys

import click

from registry.errors import RegistryError
from scripts.batch import COMMANDS as BATCH_COMMANDS
from scripts.coverage import coverage
from scripts.database import database
from scripts.demo import demo
from scripts.doctor import doctor
from scripts.history import history_
from scripts.imports import import_
from scripts.lifecycle import operation
from scripts.serve import serve
from scripts.units import units


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def diachiso() -> None:
    """The register of permanent digital address codes (mã địa chỉ số)."""


diachiso.add_command(serve)
diachiso.add_command(database)
diachiso.add_command(import_)
diachiso.add_command(operation)
diachiso.add_command(history_)
diachiso.add_command(units)
diachiso.add_command(coverage)
for batch_command in BATCH_COMMANDS:
    diachiso.add_command(batch_command)
diachiso.add_command(demo)
diachiso.add_command(doctor)


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 problems found, 2 wrong usage."""
    sys.exit(_run())


def _run() -> int:
    # Every way to fail that is the caller's to know ends here, as one line.
    try:
        status = diachiso.main(prog_name="diachiso", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except RegistryError as error:
        click.echo(error.detail, err=True)
        return 1
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    main()
