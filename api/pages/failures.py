"""Errors as pages, in words for people; the API goes on answering with problem documents."""

from typing import Final

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from api.errors import http_problem, registry_problem
from api.pages.shell import page
from registry.errors import OutcomeUnknownError, RegistryError

_API: Final = ("/v1/", "/tiles/", "/static/")
_WORDS: Final[dict[int | str, tuple[str, str, str, str]]] = {
    400: (
        "Địa chỉ trang viết chưa đúng",
        "Trang không đọc được yêu cầu này.",
        "This address is not well written",
        "The request could not be read.",
    ),
    401: (
        "Trang này cần khoá",
        "Nơi vận hành chỉ trả lời người có khoá. Hãy hỏi họ, hoặc dùng API với khoá của bạn.",
        "A key is needed here",
        "The operator answers holders of a key only. Ask them, or use the API with your key.",
    ),
    403: (
        "Yêu cầu bị từ chối",
        "Biểu mẫu phải được gửi từ chính trang này.",
        "Refused",
        "A form has to be sent from this site itself.",
    ),
    404: (
        "Không có trang này",
        "Có thể đường dẫn đã đổi, hoặc gõ nhầm một chữ.",
        "There is no such page",
        "Perhaps it has moved, or a letter is wrong.",
    ),
    405: (
        "Không mở được trang theo cách này",
        "Hãy mở lại trang từ thanh địa chỉ.",
        "This page is not opened that way",
        "Open it from the address bar.",
    ),
    413: (
        "Gửi quá nhiều",
        "Mỗi lần nhiều nhất 500 địa chỉ và 1 MB. Hãy chia nhỏ ra.",
        "Too much at once",
        "At most 500 addresses and 1 MB at a time. Send it in parts.",
    ),
    429: (
        "Hơi nhanh quá",
        "Quá nhiều yêu cầu trong ít phút vừa qua. Hãy chờ một lát rồi thử lại.",
        "A little too fast",
        "Too many requests in the last minutes. Wait a moment and try again.",
    ),
    503: (
        "Sổ đăng ký tạm nghỉ",
        "Cơ sở dữ liệu chưa trả lời. Dữ liệu không mất gì; hãy thử lại sau ít giây.",
        "The register is resting",
        "The database does not answer. Nothing is lost; try again in a few seconds.",
    ),
    OutcomeUnknownError.code: (
        "Chưa biết đã ghi hay chưa",
        "Mất kết nối với cơ sở dữ liệu đúng lúc đang ghi. Hãy xem lại trước khi gửi lần nữa.",
        "It is not known whether this was written",
        "The connection to the database was lost during the commit. Look before you send it again.",
    ),
}
"""Of a status; of a stable code, where that tells more."""
_REFUSED: Final = (
    "Yêu cầu chưa đúng",
    "Hãy xem lại điều đã nhập. Không có gì được ghi vào sổ.",
    "Something in the request is not right",
    "Please look at it again. Nothing was written to the register.",
)
_OURS: Final = (
    "Có lỗi ở phía chúng tôi",
    "Lỗi đã được ghi lại. Hãy thử lại sau.",
    "Something went wrong on our side",
    "It was written down. Please try again later.",
)


def tell_failures(app: Flask) -> None:
    """Answer routes that are none with a page where a browser asks."""
    app.register_error_handler(404, _no_route)
    app.register_error_handler(405, _no_route)


def register_page(error: RegistryError) -> Response:
    """An error of ours as a page."""
    answer = registry_problem(error)
    shown = _page(answer.status_code, error.code)
    if "Retry-After" in answer.headers:
        shown.headers["Retry-After"] = answer.headers["Retry-After"]
    return shown


def http_page(error: HTTPException) -> ResponseReturnValue:
    """An error of HTTP as a page, unless it leads elsewhere."""
    if error.code is not None and error.code < 400:
        return error
    return _page(error.code or 500)


def _no_route(error: HTTPException) -> ResponseReturnValue:
    """For whoever reads pages; a program is told as everywhere."""
    accepted = request.accept_mimetypes
    reads_pages = accepted.accept_html and accepted["text/html"] >= accepted["application/json"]
    if request.path.startswith(_API) or not reads_pages or "Accept" not in request.headers:
        return http_problem(error)
    if accepted.best == "*/*":
        return http_problem(error)
    return _page(error.code or 404)


def _page(status: int, code: str = "") -> Response:
    ours = _OURS if status >= 500 else _REFUSED
    title, text, title_en, text_en = _WORDS.get(code) or _WORDS.get(status, ours)
    return page(
        "error.html",
        status,
        number=status,
        heading=(title, title_en),
        explanation=(text, text_en),
    )
