"""Print the preview of undoing something."""

import click

from registry.core.messages import _, worded
from registry.core.undo import UndoPreview
from scripts.progress import show_json


def show_preview(preview: UndoPreview, form: str) -> int:
    """Print the preview; exit status 1 if there are obstacles."""
    if form == "json":
        counts = {name: getattr(preview, name) for name in ("removed", "restored", "kept")}
        show_json(worded(counts | {"obstacles": [each.to_dict() for each in preview.obstacles]}))
    elif preview.obstacles:
        for obstacle in preview.obstacles:
            click.echo(obstacle.detail)
    else:
        click.echo(
            _(
                "{removed:n} codes will be withdrawn, {restored:n} houses will be as before.",
                removed=preview.removed,
                restored=preview.restored,
            )
        )
    return 1 if preview.obstacles else 0
