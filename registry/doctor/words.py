"""What the checks found, in Vietnamese, for operators: `in_vietnamese`.

The checks say it in English, which programs and tests read.
"""

import re
from typing import Final

from registry.messages import with_points

_WORDS: Final = (
    (r"not used: DATABASE_URL is set", "không dùng: có DATABASE_URL"),
    (r"(\S+) has not been made yet", r"chưa tạo \1"),
    (r"(\S+) is there, and its server does not run", r"có \1, mà máy chủ không chạy"),
    (r"(\S+) GiB free at (\S+)", r"còn \1 GiB ở \2"),
    (r"(PostgreSQL .+), a standby: it cannot be written", r"\1, máy dự phòng: không ghi được"),
    (r"(.+), while its library is (\S+)", r"\1, mà thư viện là \2"),
    (r"missing: (.+)", r"thiếu: \1"),
    (r"invalid: (.+)", r"hỏng: \1"),
    (r"disabled: (.+)", r"bị tắt: \1"),
    (r"too much: (.+)", r"thừa: \1"),
    (r"not secured: (.+)", r"chưa giữ: \1"),
    (r"it is off", "đang tắt"),
    (r"it is a superuser", "là superuser"),
    (r"it bypasses row-level security", "bỏ qua bảo vệ theo dòng"),
    (r"it may make roles", "tạo được vai trò"),
    (r"it is a member of (.+)", r"thuộc \1"),
    (r"it owns (.+)", r"làm chủ \1"),
    (r"it is at (\S+), the program at (\S+)", r"đang ở \1, chương trình ở \2"),
    (r"it is (\S+)", r"đang là \1"),
    (r"(\S+) is off: .+", r"\1 đang tắt: máy hỏng đột ngột thì mất dữ liệu"),
    (r"off: .+", "đang tắt: đĩa hỏng làm hỏng sổ và bản sao lưu mà không ai biết"),
    (r"(\S+) is missing", r"thiếu \1"),
    (r"the login is no member of (\S+)", r"tài khoản không thuộc \1"),
    # Codes and units
    (r"table code_key is empty", "bảng code_key trống"),
    (r"it has (\S+) bytes, or none but zeros", r"khoá có \1 byte, hoặc toàn số 0"),
    (r"cannot be compared without the key of the codes", "không có khoá thì không so được"),
    (r"(\S+) of the newest codes fail their own check", r"\1 mã mới nhất sai ký tự kiểm tra"),
    (
        r"(\S+) of the newest (\S+) codes are ahead of the sequence, which stands at (\S+): .+",
        r"\1 trong \2 mã mới nhất vượt trước số thứ tự \3: mã sau có thể bị cấp hai lần",
    ),
    (r"(\S+) of the next (\S+) codes are given already", r"\1 trong \2 mã kế tiếp đã cấp rồi"),
    (r"(\S+) of (\S+) left", r"còn \1 trên \2"),
    (r"loaded: (\S+), here: (\S+)", r"đã nạp \1, ở đây \2"),
    (
        r"(the register has )?(\S+) provinces, (\S+) districts, (\S+) communes"
        r"(?:, after (\S+) recorded decisions)?",
        r"sổ có \2 tỉnh, \3 huyện, \4 xã",
    ),
    (r"but for (.+), of which no source says it", r"trừ \1, không nguồn nào ghi"),
    (r"(\S+) have none: (.+)", r"\1 đơn vị không có: \2"),
    (
        r"(\S+) stay as they are until it is known: (.+)",
        r"\1 đơn vị còn như trước đến khi rõ ngày: \2",
    ),
    (r"(\S+) wait, the oldest for (\S+) minutes", r"\1 đang chờ, lâu nhất \2 phút"),
    (r"(\S+) communes are not: (.+)", r"\1 xã đếm sai: \2"),
    (
        r"the default holds, as the own table cannot be read: (.+)",
        r"bảng riêng không đọc được nên đang dùng bảng mặc định: \1",
    ),
    (r"it asks for none", "bảng không đòi người thứ hai ở việc nào"),
    (r"one key alone approves: (.+)", r"chỉ có một khoá duyệt được: \1"),
    (r"(\S+) rows", r"\1 dòng"),
    # Boundaries
    (
        r"(\S+) communes real, (\S+) drawn around the seat; (\S+) provinces real",
        r"\1 xã có ranh giới thật, \2 xã vẽ quanh trụ sở; \3 tỉnh có ranh giới thật",
    ),
    (r"(\S+) are not: (.+)", r"\1 đơn vị không hợp lệ: \2"),
    (
        r"(\S+) real polygons without parts, (\S+) cells with",
        r"\1 ranh giới thật chưa cắt, \2 ô bị cắt",
    ),
    (r"no real polygons yet", "chưa có ranh giới thật"),
    # Households
    (r"(\S+) flats without: (.+)", r"\1 căn hộ không có toà nhà: \2"),
    (r"(\S+) households in none: (.+)", r"\1 hộ không có đường, thôn: \2"),
    (r"(\S+) of (\S+) streets without", r"\1 trên \2 đường không có hộ"),
    (r"(\S+) of (\S+) localities without", r"\1 trên \2 thôn, tổ không có hộ"),
    (r"(\S+) suspected: (.+)", r"nghi \1 chỗ: \2"),
    (r"(\S+) keys in (\S+), as of (.+)", r"\1 khoá cũ ở \2, như của \3"),
    (r"(\S+) in (\S+) that ended: (.+)", r"\1 hộ ở \2 xã đã hết: \3"),
    (r"(\S+) references", r"\1 mã hồ sơ"),
    (r"(\S+) former numbers", r"\1 số cũ"),
    (r"(\S+) external ids", r"\1 mã ngoài"),
    (r"(\S+) plates", r"\1 biển số"),
    (r"(\S+) streets", r"\1 đường"),
    (r"(\S+) localities", r"\1 thôn, tổ"),
    (r"(\S+) targets", r"\1 tổng số hộ"),
    (r"in (\S+) that ended: (.+)", r"ở \1 đơn vị đã hết: \2"),
    (
        r"(\S+) keys bound to ended units: (.+); (\S+) keys bound to all parts of .+?: (.+)",
        r"\1 khoá gắn với đơn vị đã hết: \2; \3 khoá gắn với mọi phần của đơn vị bị chia: \4",
    ),
    (r"(\S+) keys bound to ended units: (.+)", r"\1 khoá gắn với đơn vị đã hết: \2"),
    (
        r"(\S+) keys bound to all parts of a split unit: (.+)",
        r"\1 khoá gắn với mọi phần của đơn vị bị chia: \2",
    ),
    # What runs beside
    (r"the database has (\S+) GiB", r"cơ sở dữ liệu \1 GiB"),
    (r"the disk cannot be seen from here", "ở đây không thấy đĩa"),
    (r"(\S+) GiB free", r"còn \1 GiB"),
    (r"(.*) (\S+) MB, (\S+) s behind", r"\1 chậm \2 MB, \3 giây"),
    (r"(\S+) s behind", r"chậm \1 giây"),
    (r"slot (\S+) holds (\S+) MB", r"khe \1 giữ \2 MB"),
    (r"(\S+) connected", r"\1 bản sao đang nối"),
    (r"none is connected", "không có bản sao"),
    (r"none is set", "không đặt"),
    (
        r"the oldest transaction number is (\S+) old: writing will stop",
        r"số giao dịch cũ nhất đã \1: sắp không ghi được nữa",
    ),
    (r"(\S+): (\S+) dead, (\S+) changed of (\S+)", r"\1: \2 dòng bỏ, \3 dòng đổi trên \4"),
    (r"(\S+) tables, (\S+) MB: (\S+)", r"\1 bảng, \2 MB: \3"),
    (r"the tables are of (.+), not (.+)", r"bảng ở bản \1, cần \2"),
    (r"no worker", "không có tiến trình nền"),
    (r"(\S+) wait, (\S+) s", r"\1 việc chờ, lâu nhất \2 giây"),
    (r"(\S+) of dead workers", r"\1 việc của tiến trình đã chết"),
    (r"(\S+) given up", r"\1 việc bỏ dở"),
    (r"(\S+) workers", r"\1 tiến trình nền"),
    # Backups
    (r"(\S+), (\S+) days ago", r"\1, \2 ngày trước"),
    (r"(\S+) days ago", r"\1 ngày trước"),
    (r"last sent (\S+) minutes ago", r"lần cuối gửi được \1 phút trước"),
    (r"none yet, and no real household", "chưa có bản nào, cũng chưa có hộ thật"),
    (r"none yet", "chưa có bản nào"),
    (r"never", "chưa lần nào"),
    (r"not used: no backup by `backups make`", "không dùng: chưa có bản nào của `backups make`"),
    (r"not used", "không dùng"),
    (r"nothing yet", "chưa gửi gì"),
    (r"off until the server is started again", "tắt cho đến khi khởi động lại máy chủ"),
    (
        r"where it came back from a backup, after ALTER SYSTEM RESET archive_mode",
        "sổ đã phục hồi: ALTER SYSTEM RESET archive_mode trước",
    ),
    (r"it fails", "không gửi được"),
    (r"it failed lately", "vừa có lúc không gửi được"),
    (r"needs the database", "cần cơ sở dữ liệu"),
    (r"needs the register's tables", "cần các bảng của sổ"),
    (r"DATABASE_URL is no database URL", "DATABASE_URL không phải địa chỉ cơ sở dữ liệu"),
    (r"(\S+) of (\S+)", r"\1 trên \2"),
)
_PATTERNS: Final = tuple((re.compile(english), meant) for english, meant in _WORDS)
_JOINED: Final = ("; ", ", ")


def in_vietnamese(detail: str) -> str:
    """What a check found, in Vietnamese; as it is where nobody has a word for it.

    >>> in_vietnamese("846,825,858 of 846,825,858 left"), in_vietnamese("3 streets, 2 localities")
    ('còn 846.825.858 trên 846.825.858', '3 đường, 2 thôn, tổ')
    """
    for pattern, meant in _PATTERNS:
        if match := pattern.fullmatch(detail):
            return with_points(match.expand(meant))
    for sign in _JOINED:
        if sign in detail:
            return sign.join(map(in_vietnamese, detail.split(sign)))
    return detail
