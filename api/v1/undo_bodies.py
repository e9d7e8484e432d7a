"""What taking something back would do: the registry's type, with its messages in words."""

from typing_extensions import TypedDict

from api.core.types import answer_from
from registry.core.undo import UndoPreview


class UndoObstacle(TypedDict):
    """Later work that stands on what would be taken back."""

    code: str
    about: str
    """A code, number or name of what it is; empty where it is several"""
    detail: str


class UndoPreviewed(TypedDict):
    """What taking something back would do as the register stands."""

    removed: int
    """Codes that would go: they were made by it"""
    restored: int
    """Records that would be as they were before"""
    kept: int
    """Records that would stay as they are, where later work may be kept (`keep_later`)"""
    obstacles: list[UndoObstacle]
    """What has to be taken back before; empty where nothing stands in the way"""


def shown_preview(preview: UndoPreview) -> UndoPreviewed:
    """The preview, with its obstacles in words."""
    obstacles = [
        answer_from(UndoObstacle, each, detail=str(each.detail)) for each in preview.obstacles
    ]
    return answer_from(UndoPreviewed, preview, obstacles=obstacles)
