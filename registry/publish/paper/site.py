"""The site that QR codes of papers link to, and whether it is permanent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from geo.code import is_demo
from registry.publish.paper.typesetting import Notices

_DEMO: Final = "MINH HOẠ"
_TRIAL: Final = "BẢN THỬ"


@dataclass(frozen=True, slots=True)
class Site:
    """The public base URL of the pages."""

    url: str
    """Without a trailing slash."""
    is_public: bool
    """Whether the operator has configured it (DIACHISO_PUBLIC_URL); otherwise papers are marked as
    trials."""

    def address_url(self, code: str) -> str:
        """Return the URL of a record's page."""
        return f"{self.url}/a/{code}"

    def verify_url(self, number: str) -> str:
        """Return the URL of the page that verifies a certificate."""
        return f"{self.url}/verify/{number}"

    def watermark(self, code: str) -> str | None:
        """Return the text across a paper that must not pass for a real one."""
        if is_demo(code):
            return _DEMO
        return None if self.is_public else _TRIAL

    def note_watermarks(self, codes: Iterable[str], notices: Notices) -> str | None:
        """Add notices for watermarks of codes; return the watermark of a paper with all of them."""
        listed = sorted(codes)
        demo = [code for code in listed if is_demo(code)]
        notices.add("demo", *demo)
        if not self.is_public:
            notices.add("not_public", count=len(listed) or 1)
        return _DEMO if demo else None if self.is_public else _TRIAL
