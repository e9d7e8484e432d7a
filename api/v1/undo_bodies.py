"""Previews of undoing, as answers."""

from typing_extensions import TypedDict

from api.core.types import answer_from
from registry.core.undo import UndoPreview


class UndoObstacle(TypedDict):
    """Later work that depends on what would be undone."""

    code: str
    about: str
    """Code, number or name of its subject; empty if there are several"""
    detail: str


class UndoPreviewed(TypedDict):
    """What undoing would do in the current register."""

    removed: int
    """Codes that would be removed, since it created them"""
    restored: int
    """Records that would be restored"""
    kept: int
    """Records that would stay unchanged if later work is kept (`keep_later`)"""
    obstacles: list[UndoObstacle]
    """What has to be undone first; empty if nothing"""


def shown_preview(preview: UndoPreview) -> UndoPreviewed:
    """Return a preview as an answer, with translated obstacles."""
    obstacles = [
        answer_from(UndoObstacle, each, detail=str(each.detail)) for each in preview.obstacles
    ]
    return answer_from(UndoPreviewed, preview, obstacles=obstacles)
