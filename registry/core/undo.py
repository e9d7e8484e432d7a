"""What taking something back would do, and what stands in its way: of imports and of reforms."""

from dataclasses import dataclass

from registry.core.messages import Message


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Later work that stands on what would be taken back."""

    code: str
    about: str
    """A code, number or name of what it is; empty where it is several."""
    detail: Message

    def to_dict(self) -> dict[str, object]:
        """For a problem document."""
        return {"code": self.code, "about": self.about, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What taking something back would do as the register stands."""

    removed: int
    """Codes that would go: they were made by it"""
    restored: int
    """Records that would be as they were before"""
    kept: int
    """Records that would stay as they are, where later work may be kept (`keep_later`)"""
    obstacles: tuple[Obstacle, ...]
    """What has to be taken back before; empty where nothing stands in the way"""
