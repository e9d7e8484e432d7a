"""What is asked of the service, counted by kind and outcome; by whom and about what, never."""

from dataclasses import dataclass
from typing import Final

from flask import Flask, Response
from flask.globals import request_ctx

from api.context import counts


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, in words, and the blueprints that answer it."""

    code: str
    vietnamese: str
    english: str
    blueprints: tuple[str, ...]


KINDS: Final = (
    Kind("lookup", "Tra mã", "Look-up of a code", ("addresses", "external", "address")),
    Kind("geocode", "Tìm mã của địa chỉ", "Geocoding", ("geocode", "search")),
    Kind("validate", "Kiểm tra địa chỉ", "Validation", ("validate", "try_it")),
    Kind("autocomplete", "Gợi ý khi gõ", "Autocomplete", ("autocomplete",)),
    Kind("reverse", "Tìm theo vị trí", "Reverse geocoding", ("reverse",)),
    Kind("batch", "Tra theo lô", "Batches", ("batch", "route", "route_page")),
    Kind("units", "Đơn vị hành chính", "Administrative units", ("units",)),
    Kind("coverage", "Độ phủ", "Coverage", ("coverage", "coverage_board")),
    Kind("tiles", "Bản đồ, OGC", "Maps, OGC", ("tiles", "ogc")),
    Kind("mcp", "Công cụ cho trợ lý AI", "Tools for assistants", ("mcp",)),
    Kind(
        "copies",
        "Bản sao: nguồn thay đổi, gói, tệp",
        "Copies: feed, packs, files",
        ("changes", "history", "packs", "export", "open_data", "webhooks"),
    ),
    Kind(
        "reports",
        "Báo cáo thực địa",
        "Field reports",
        ("reports", "many_reports", "receipts", "report_forms", "field"),
    ),
    Kind("certificates", "Giấy tờ, xác nhận", "Papers", ("certificates", "papers", "verify")),
    Kind(
        "writing",
        "Nạp và sửa sổ",
        "Deliveries and changes",
        ("imports", "operations", "reforms", "targets"),
    ),
)
OTHER: Final = Kind("other", "Trang khác", "Other pages", ())
_NOT_COUNTED: Final = frozenset({"health", "assets"})
_OF_BLUEPRINT: Final = {name: kind.code for kind in KINDS for name in kind.blueprints}
_LIMITED: Final = 429


def count_service(app: Flask) -> None:
    """Count every answer of `app`; what only looks whether it lives, and files, are not."""
    app.after_request(_count)


def _count(response: Response) -> Response:
    name = (request_ctx.request.endpoint or "").partition(".")[0]
    if name not in _NOT_COUNTED:
        counts().count(_OF_BLUEPRINT.get(name, OTHER.code), _outcome(response.status_code))
    return response


def _outcome(status: int) -> str:
    if status == _LIMITED:
        return "limited"
    if status < 400:
        return "ok"
    return "refused" if status < 500 else "failed"
