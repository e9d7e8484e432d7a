"""Where the QR of a paper leads, and whether that is for good."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from geo.code import is_demo
from registry.publish.paper.typesetting import Notices

_DEMO: Final = "MINH HOẠ"
_TRIAL: Final = "BẢN THỬ"


@dataclass(frozen=True, slots=True)
class Site:
    """The address of the pages, as people reach them."""

    url: str
    """Without a slash at its end."""
    is_public: bool
    """Whether the operator said so (DIACHISO_PUBLIC_URL); else paper is a trial, and says so."""

    def address_url(self, code: str) -> str:
        """The page of a record."""
        return f"{self.url}/a/{code}"

    def verify_url(self, number: str) -> str:
        """The page on which a certificate is checked."""
        return f"{self.url}/verify/{number}"

    def watermark(self, code: str) -> str | None:
        """What is written across a paper that must not be taken for a real one."""
        if is_demo(code):
            return _DEMO
        return None if self.is_public else _TRIAL

    def tell(self, codes: Iterable[str], notices: Notices) -> str | None:
        """Note which codes bear a watermark; what is written across a paper of all of them."""
        told = sorted(codes)
        demo = [code for code in told if is_demo(code)]
        notices.add("demo", *demo)
        if not self.is_public:
            notices.add("not_public", count=len(told) or 1)
        return _DEMO if demo else None if self.is_public else _TRIAL
