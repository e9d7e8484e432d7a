"""What went wrong, for clerks, carriers and shoppers: Vietnamese first, English in brackets.

Messages that are written so where they are raised stay as they are; of the others the Vietnamese
stands here, in one list. What the list does not know is told in English, behind general words for
its kind (`RegistryError.words`).

>>> vietnamese_first("more than 200 characters")
'dài hơn 200 ký tự (more than 200 characters)'
>>> vietnamese_first("không có khoá này (no such key)")
'không có khoá này (no such key)'
"""

import errno
import os
import re
from functools import lru_cache
from typing import Final, Literal

from geo.text import has_diacritics

_PREPARE: Final = "hãy chạy `bin/diachiso database prepare`"

# Pattern of the English → the Vietnamese, with its groups.
_WRITTEN: Final[tuple[tuple[str, str], ...]] = (
    # Parameters
    (r"this parameter is unknown", "không có tham số này"),
    (r"give this parameter once", "tham số này chỉ được nêu một lần"),
    (r"Field required|is missing|this parameter is needed", "còn thiếu"),
    (r"a text is needed", "phải là chữ"),
    (r"more than ([\d,]+) (?:characters|signs)", r"dài hơn \1 ký tự"),
    (r"holds a NUL character", "có ký tự NUL"),
    (r"is not UTF-8", "không phải UTF-8"),
    (r"four numbers are needed, or six .*", "cần bốn số, hoặc sáu số có độ cao: tây,nam,đông,bắc"),
    (r"numbers with commas between them are needed", "phải là các số cách nhau bằng dấu phẩy"),
    (r"finite numbers are needed", "phải là số hữu hạn"),
    (r"the southern edge lies north of .*", "cạnh nam nằm phía bắc cạnh bắc"),
    (
        r"degrees from -180 to 180 and -90 to 90 .*",
        "kinh độ từ -180 đến 180 trước, vĩ độ từ -90 đến 90 sau",
    ),
    (r"these corners are nowhere in this system", "toạ độ này không có trong hệ ấy"),
    (r"give a URI that the collection lists under `crs`", "hãy nêu một URI trong `crs` của lớp"),
    (
        r"write 2025-06-30, 2025-06-30T.*",
        "viết 2025-06-30, 2025-06-30T12:00:00+07:00, hoặc hai mốc với / ở giữa",
    ),
    (r"the interval ends before it begins", "khoảng thời gian kết thúc trước khi bắt đầu"),
    (r"holds no word", "không có chữ hay số nào"),
    (r"give lon and lat together|give both lon and lat, or neither", "cần cả lon và lat"),
    (
        r"give either (\w+)(?:, with units beside it,)? or components",
        r"hãy nêu \1, hoặc từng thành phần của địa chỉ, chỉ một trong hai",
    ),
    (r"not a cursor that this service gave out", "không phải con trỏ mà máy chủ này đã trả"),
    (
        r"takes what `next_after` of the page before says",
        "nhận giá trị `next_after` của trang trước",
    ),
    (r"one of (.*) is needed", r"cần một trong \1"),
    (r"one of (.*)", r"phải là một trong \1"),
    (r"a source has a name of 1 to 100 letters", "tên nguồn có 1 đến 100 ký tự"),
    (
        r"the source `demo` is made up; name whose households these are",
        "nguồn `demo` là dữ liệu minh hoạ; hãy nêu hộ này của nguồn nào",
    ),
    (r"give either code or text", "hãy nêu code hoặc text, chỉ một trong hai"),
    (r"degrees from -(\d+) to \d+", r"phải từ -\1 đến \1 độ"),
    (r"degrees are needed", "phải là toạ độ theo độ"),
    (r"a day is written .*", "ngày phải viết theo dạng 31/12/2026 hoặc 2026-12-31"),
    (r"write YYYY-MM-DD, DD/MM/YYYY, or (\S+)", r"viết 31/12/2026, 2026-12-31, hoặc \1"),
    (r"no map before (\S+) is known", r"chưa có bản đồ hành chính trước ngày \1"),
    (r"(\S+) has not come; today is .*", r"ngày \1 chưa tới"),
    (r"(\S+) has not come", r"ngày \1 chưa tới"),
    (
        r"a unit's code has 2 digits \(province\), 3 \(district\) or 5 \(commune\)",
        "mã đơn vị có 2 chữ số (tỉnh), 3 (huyện) hoặc 5 (xã)",
    ),
    (r"a province's code has 2 digits", "mã tỉnh có 2 chữ số"),
    (r"is not written as it should be; see the API page", "viết chưa đúng dạng"),
    (r"one line is needed, without control characters", "chỉ một dòng, không có ký tự điều khiển"),
    (r"the body is no JSON; send application/json, or a form", "nội dung gửi không phải JSON"),
    (r"no JSON object", "không phải một đối tượng JSON"),
    (r"the query holds a % without .*", "địa chỉ trang có dấu % viết chưa đúng"),
    (r"the query holds a NUL character", "câu hỏi có ký tự NUL"),
    (r"the query is not UTF-8", "câu hỏi không phải UTF-8"),
    # Starting
    (
        r"already runs at (.+); set DIACHISO_VAR for another one beside it",
        r"đang chạy tại \1; muốn chạy thêm một dịch vụ nữa thì đặt DIACHISO_VAR riêng cho nó",
    ),
    (
        r"port (\d+) is taken by another program; choose one with --port",
        r"cổng \1 đã có chương trình khác dùng; hãy chọn cổng khác bằng --port",
    ),
    (r"--host (\S+): no such address", r"không có địa chỉ \1 (--host)"),
    (r"(\S+) port (\d+): .*", r"không lắng nghe được ở địa chỉ \1, cổng \2"),
    (r"the web server is not ready: (.*)", "máy chủ web chưa sẵn sàng"),
    (
        r"(\S+) must be like (postgresql://\S+); in the password (.*)",
        r"\1 phải có dạng \2; mật khẩu có dấu riêng thì viết \3",
    ),
    (r"(\S+) must be like (\S+), not (.*)", r"\1 phải có dạng \2, không phải \3"),
    (
        r"(\S+) must be a whole number of (\S+) or more, not (.*)",
        r"\1 phải là số nguyên từ \2 trở lên, không phải \3",
    ),
    (r"(\S+) must be on or off, not (.*)", r"\1 phải là on hoặc off, không phải \2"),
    # Units
    (r"(.+) exists no longer; it is continued by (.*)", r"\1 không còn; nay là \2"),
    (
        r"(.+) exists no longer, and no unit on record continues it",
        r"\1 không còn, và không có đơn vị nào thay",
    ),
    (r"(.+) is no province", r"\1 không phải tỉnh, thành phố"),
    (
        r"no unit bears code (\S+) on (\S+); it was borne by .*",
        r"ngày \2 không có đơn vị nào mang mã \1",
    ),
    (r"no unit of any map bears code (\S+)", r"không có đơn vị hành chính nào mang mã \1"),
    (r"no province bears code (\S+) on (\S+)", r"ngày \2 không có tỉnh nào mang mã \1"),
    (r"no such operation; there are (.*)", r"không có thao tác này; chỉ có \1"),
    # Codes
    (r"the code (\S+) stood for no address at (\S+)", r"lúc \2 mã \1 chưa gắn với địa chỉ nào"),
    (r"the code (\S+) was retired by then", r"khi ấy mã \1 đã ngừng dùng"),
    (r"no record bears or bore the code (\S+)", r"chưa từng có địa chỉ nào mang mã \1"),
    (r"no record bears the code (\S+)", r"không có địa chỉ nào mang mã \1"),
    (
        r"the code (\S+) is reserved and stands for no address yet",
        r"mã \1 đã để dành, chưa gắn với địa chỉ nào",
    ),
    (r"the code (\S+) is retired; continued by: none", r"mã \1 đã ngừng dùng, không có mã thay"),
    (r"the code (\S+) is retired; continued by: (.*)", r"mã \1 đã ngừng dùng; nay là \2"),
    (
        r"the code (\S+) was withdrawn with the import that gave it",
        r"mã \1 đã bị huỷ cùng đợt nhập đã cấp nó",
    ),
    (r"(\d+) symbols are expected, not (\d+)", r"mã có \1 ký tự, ở đây có \2"),
    (r"(\S+) is not one of \S+", r"ký tự \1 không có trong mã"),
    (r"a text of (\d+) characters is no code", r"chuỗi \1 ký tự không phải là mã"),
    (r"the check does not match: .*", "mã sai: có ký tự sai, hoặc hai ký tự đổi chỗ cho nhau"),
    (r"a keyboard's accents can be undone in .*", "mã gõ lẫn dấu, có nhiều cách đọc"),
    (r"If-Match is not an ETag of a record", "If-Match không phải ETag của một mã"),
    (r"(\S+) is about no single record", r"\1 không phải việc của riêng một mã"),
    # The database
    (r"the database does not answer", "cơ sở dữ liệu không trả lời"),
    (r"the database took too long to answer.*", "cơ sở dữ liệu trả lời quá lâu"),
    (r"every database connection is busy; .*", "mọi kết nối cơ sở dữ liệu đều bận; hãy thử lại"),
    (
        r"another export is being sent; .*",
        "đang gửi một tệp khác cho người khác; hãy thử lại sau ít giây",
    ),
    (r"too many batches at once; .*", "đang có quá nhiều lô cùng lúc; hãy thử lại sau ít giây"),
    (
        r"PostgreSQL (\S+) or later is needed; this is (.*)",
        r"cần PostgreSQL \1 trở lên; đây là \2",
    ),
    (r"PostGIS (\S+) or later is needed; this is (.*)", r"cần PostGIS \1 trở lên; đây là \2"),
    (
        r"an administrator of the database must run: (.*)",
        r"người quản trị cơ sở dữ liệu cần chạy: \1",
    ),
    (
        r"the schema of the database is (.*), which this program \((.*)\) does not know; .*",
        r"cơ sở dữ liệu có lược đồ \1, chương trình này (\2) không biết; hãy nâng cấp chương trình",
    ),
    # The private cluster
    (
        r"the private cluster does not run; .*",
        "cụm PostgreSQL riêng chưa chạy; hãy chạy bin/run, hoặc đặt DATABASE_URL",
    ),
    (r"the private cluster in (\S+) already runs .*", r"cụm riêng ở \1 đang chạy rồi"),
    (
        r"the private cluster in (\S+) belongs to (\S+); run this as .*",
        r"cụm riêng ở \1 là của \2; hãy chạy bằng tài khoản \2 hoặc root",
    ),
    (r"PostgreSQL is not ready after (\S+) s; see (.*)", r"PostgreSQL chưa chạy sau \1 s; xem \2"),
    (
        r"no PostgreSQL (\S+) or later with PostGIS is installed; .*",
        r"chưa cài PostgreSQL \1 trở lên có PostGIS; hãy chạy bin/run, hoặc đặt DATABASE_URL",
    ),
    (r"PostGIS ended again and again; see (.*)", r"PostGIS tắt nhiều lần liền; xem \1"),
    (r"the database has another schema; run .*", f"lược đồ của cơ sở dữ liệu khác; {_PREPARE}"),
    (
        r"the schema is at (\S+), this program needs (\S+); run .*",
        rf"lược đồ đang ở \1, chương trình này cần \2; {_PREPARE}",
    ),
    (r"no units are loaded; run .*", f"chưa nạp đơn vị hành chính; {_PREPARE}"),
    (r"the role (\S+) is missing; run .*", rf"chưa có vai trò \1; {_PREPARE}"),
    (r"DATABASE_URL is no database URL", "DATABASE_URL không phải địa chỉ cơ sở dữ liệu"),
    (r"DATABASE_URL holds a line break", "DATABASE_URL có dấu xuống dòng"),
    # Files
    (r"(.+) does not exist", r"không có tệp \1"),
    (r"(.+) is empty", r"tệp \1 trống"),
    (r"(.+) is a folder, not a file", r"\1 là thư mục, không phải tệp"),
    (r"(.+) cannot be read: .*", r"không đọc được \1"),
    (r"(.+) is no UTF-8 text .*", r"\1 không phải văn bản UTF-8"),
    (r"(.+) is a damaged gzip file .*", r"tệp gzip \1 bị hỏng"),
    (r"(.+) is a gzip file that ends too early", r"tệp gzip \1 bị cắt cụt"),
    (r"(.+) holds more than (.*)", r"\1 lớn hơn \2"),
    (r"(.+) is larger than (.*)", r"\1 lớn hơn \2"),
    (r"(.+) has no features", r"\1 không có đối tượng nào"),
    (r"(.+) cannot be fetched: .*", r"không tải được \1"),
    (r"(.+) did not arrive within (.*) s", r"tải \1 quá \2 giây"),
    (r"the first line has to name the columns", "dòng đầu phải là tên cột"),
    (r"(.+) is no GeoJSON FeatureCollection: .*", r"\1 không phải FeatureCollection của GeoJSON"),
    (r"(.+) ends too early: its JSON is not complete", r"\1 bị cắt cụt: JSON chưa trọn"),
    (r"(.+) is a ZIP archive; give .*", r"\1 là tệp ZIP; hãy nêu tệp GeoJSON ở trong"),
    (
        r"(.+) is in another coordinate system \((.*)\); convert .*",
        r"\1 ở hệ toạ độ khác (\2); hãy đổi sang WGS 84 trước",
    ),
    (
        r"(.+) is not in WGS 84 degrees of Viet Nam: .*",
        r"\1 không phải độ WGS 84 trong Việt Nam",
    ),
    # The command line
    (r"name a FILE and its --source", "hãy nêu tệp FILE và nguồn --source"),
    (
        r"--list and --rollback stand without a FILE, and one at a time",
        "--list và --rollback không đi cùng FILE, và mỗi lần chỉ một",
    ),
    (r"--keep-later belongs to --rollback", "--keep-later chỉ đi cùng --rollback"),
    (r"--jobs needs a folder: .*", "--jobs cần thư mục: tên có dấu / ở cuối"),
    (r"--promoted takes no backup", "--promoted không đi cùng bản sao lưu"),
    (
        r"the suffix of (.+) is none of (.*): --format",
        r"đuôi tệp \1 không phải một trong \2; hãy nêu --format",
    ),
    (r"No such option (\S+); write (.*)", r"không có tuỳ chọn \1, hãy viết \2"),
    (
        r"No such option (\S+)\. \(Did you mean (?:one of: )?(.*)\?\)",
        r"không có tuỳ chọn \1; có phải \2",
    ),
    (r"No such option:? (.*?)\.?", r"không có tuỳ chọn \1"),
    (r"No such command (.*?)\.?", r"không có lệnh \1"),
    (r"Missing option (.*?)\.?", r"thiếu tuỳ chọn \1"),
    (r"Missing argument (.*?)\.?", r"thiếu \1"),
    (r"Missing command\.", "thiếu tên lệnh"),
    (r"Got unexpected extra arguments? \((.*)\)", r"thừa \1"),
    (r"Option (\S+) requires an argument\.", r"tuỳ chọn \1 cần giá trị"),
    (r"Option (\S+) does not take a value\.", r"tuỳ chọn \1 không có giá trị"),
    (r"Invalid value for (.*?): (.*)", r"giá trị của \1 chưa đúng"),
    # Points
    (
        r"no point of Viet Nam: latitude and longitude are needed, (.*)",
        r"không phải một điểm ở Việt Nam: cần vĩ độ, kinh độ, như \1",
    ),
)
_NOT_WRITTEN: Final = {
    errno.ENOENT: "không có thư mục ấy",
    errno.ENOTDIR: "không có thư mục ấy",
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.EROFS: "đĩa chỉ cho đọc",
    errno.EISDIR: "đây là thư mục",
    errno.ENAMETOOLONG: "tên tệp quá dài",
    errno.ENOSPC: "đĩa đã đầy",
}
Severity = Literal["error", "warning", "notice"]
SEVERITIES: Final[dict[Severity, str]] = {"error": "lỗi", "warning": "cảnh báo", "notice": "lưu ý"}
"""Of problems in a file, the worst first."""
STATUSES: Final = {
    "reserved": "đã giữ",
    "proposed": "đề nghị",
    "active": "đang dùng",
    "retired": "ngừng dùng",
}
"""States of a record."""
_PATTERNS: Final = tuple((re.compile(english, re.DOTALL), words) for english, words in _WRITTEN)
_FIELD: Final = re.compile(r"([\w.-]+): (.*)", re.DOTALL)
"""The name of a parameter before what is wrong with it."""


_THOUSANDS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")


def with_points(text: str) -> str:
    """The text with its numbers as Vietnamese writes them: `10.035` for `10,035`."""
    return _THOUSANDS.sub(lambda found: found[0].replace(",", "."), text)


def not_written(path: str | os.PathLike[str], error: OSError) -> str:
    """That a file cannot be written, and why, in one line.

    >>> not_written("a/b.csv", FileNotFoundError(errno.ENOENT, "No such file or directory"))
    'không ghi được a/b.csv: không có thư mục ấy (No such file or directory)'
    """
    why = _NOT_WRITTEN.get(error.errno or 0)
    said = f"{why} ({error.strerror})" if why else error.strerror or str(error)
    return f"không ghi được {os.fspath(path)}: {said}"


def number(value: int) -> str:
    """A whole number as people write it in Viet Nam; JSON and CSV take it plain.

    >>> number(20128), number(-1234567), number(7)
    ('20.128', '-1.234.567', '7')
    """
    return f"{value:,}".replace(",", ".")


def growth(per_day: float) -> str:
    """How many more a day, to one place.

    >>> growth(1234.56), growth(-0.5)
    ('+1.234,6', '-0,5')
    """
    return f"{per_day:+,.1f}".translate(str.maketrans(",.", ".,"))


def percent(share: float | None) -> str:
    """A share of 1 cut to one place, so that 100 % is shown only when it is reached.

    >>> percent(0.999999), percent(1.5), percent(None), percent(0.0004)
    ('99,9 %', '150,0 %', '–', '< 0,1 %')
    """
    if share is None:
        return "–"
    if 0 < share < 0.001:
        return "< 0,1 %"
    tenths = round(share * 1_000_000) // 1_000
    return f"{number(tenths // 10)},{tenths % 10} %"


@lru_cache(maxsize=1_024)
def vietnamese_first(detail: str, words: str = "") -> str:
    """`detail` in Vietnamese, with its English in brackets; `words` where it is not known."""
    for pattern, meant in _PATTERNS:
        if match := pattern.fullmatch(detail):
            return f"{with_points(match.expand(meant))} ({detail.rstrip('.')})"
    if has_diacritics(detail.partition(" (")[0]):
        return detail
    field = _FIELD.fullmatch(detail)
    if field and (inner := vietnamese_first(field[2])) != field[2]:
        return f"{field[1]}: {inner}"
    return f"{words} ({detail})" if words else detail
