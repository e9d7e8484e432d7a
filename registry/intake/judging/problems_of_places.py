"""Problems of where a row lies: its commune and its point."""

from typing import Final

from registry.intake.judging.problem_kind import ProblemKind

OF_PLACES: Final[dict[str, ProblemKind]] = {
    "commune_unknown": ProblemKind(
        "error",
        "Không nhận ra xã/phường: kiểm tra chính tả, hoặc ghi mã xã",
        "names no commune of any map: check the spelling, or write the code",
    ),
    "commune_ambiguous": ProblemKind(
        "error",
        "Xã/phường có thể là nhiều nơi: ghi mã xã của một nơi, hoặc thêm tỉnh hay tọa độ nếu chưa"
        " có",
        "the commune may be several; a code decides, or a province or a point where none is given",
    ),
    "commune_assumed": ProblemKind(
        "warning",
        "Tên này có thể là nơi khác (quận, huyện, xã, phường cũ hay xã cùng tên): đã hiểu là"
        " phường, xã hiện nay, kiểm tra lại",
        "the name of a commune of today, and of a former unit or a namesake: read as the commune of"
        " today, check it",
    ),
    "commune_corrected": ProblemKind(
        "warning",
        "Tên xã/phường, quận/huyện hay tỉnh viết sai, đã hiểu là tên gần nhất: kiểm tra lại",
        "the name of a commune, district or province is misspelt, read as the nearest: check it",
    ),
    "commune_code_unknown": ProblemKind(
        "error",
        "Không có mã xã này: mã xã có 5 chữ số, kể cả số 0 ở đầu",
        "no commune of any map bears this code; codes have 5 digits, zeros in front among them",
    ),
    "commune_code_of_two_maps": ProblemKind(
        "error",
        "Mã xã này có cả trước và sau 01/7/2025, mà tệp có mã cũ: thêm cột tên xã; nếu cả tệp dùng"
        " mã cũ thì đổi tên cột thành 'mã xã cũ'",
        "the code means another commune before 2025-07-01 and the file has old codes: add the"
        " commune's name, or call the column former_commune_code when all its codes are old",
    ),
    "commune_code_maybe_old": ProblemKind(
        "warning",
        "Mã xã này có cả trước và sau 01/7/2025, đã đọc theo mã hiện nay, mà dòng khác của tệp ghi"
        " tên xã cũ: kiểm tra lại",
        "the code means another commune before 2025-07-01 and was read as today's, while other rows"
        " name communes of old: check it",
    ),
    "commune_differs_from_code": ProblemKind(
        "error",
        "Tên xã/phường không phải là xã/phường của mã xã đã ghi: sửa một trong hai",
        "the commune's name and code mean different communes: correct either",
    ),
    "commune_code_padded": ProblemKind(
        "notice",
        "Mã xã bị mất số 0 ở đầu, đã đọc đủ 5 chữ số",
        "the commune's code had lost its zeros in front, and was read with them",
    ),
    "commune_from_former": ProblemKind(
        "notice", "Xã/phường cũ, đã đổi sang xã/phường hiện nay", "former commune, read as today's"
    ),
    "former_commune_differs": ProblemKind(
        "warning",
        "Xã/phường cũ không thuộc xã/phường mới: đã lấy xã/phường mới, kiểm tra lại",
        "the commune of before did not become the one of today, which was taken: check them",
    ),
    "coordinates_unreadable": ProblemKind(
        "error",
        "Tọa độ không đọc được: ghi số như các dòng khác của tệp (độ WGS 84: 105.8380 và 21.0386;"
        " hay mét VN-2000)",
        "longitude or latitude is no number such as the file's others: degrees (WGS 84, 105.8380"
        " and 21.0386), or metres",
    ),
    "coordinates_incomplete": ProblemKind(
        "error",
        "Thiếu kinh độ hoặc vĩ độ: ghi đủ cả hai, hoặc để trống cả hai",
        "longitude or latitude is missing: give both, or none",
    ),
    "coordinates_swapped": ProblemKind(
        "error",
        "Kinh độ và vĩ độ bị đổi chỗ cho nhau",
        "longitude and latitude are swapped",
    ),
    "coordinates_outside": ProblemKind(
        "error",
        "Tọa độ nằm ngoài Việt Nam: sửa lại, hoặc để trống nếu chưa đo",
        "the point lies outside Viet Nam: correct it, or leave it blank when it was not surveyed",
    ),
    "accuracy_unreadable": ProblemKind(
        "warning",
        "Độ chính xác không phải là số mét: tọa độ được ghi, nhưng chưa tính là giao được",
        "the accuracy is no number of metres: the point is taken, and not counted as deliverable",
    ),
    "outside_commune": ProblemKind(
        "warning",
        "Tọa độ nằm ngoài xã/phường đã ghi: kiểm tra lại tọa độ hoặc xã/phường",
        "the point lies outside the stated commune: check either",
    ),
    "outside_your_units": ProblemKind(
        "error",
        "Ngoài địa bàn của khoá đang dùng: để đơn vị phụ trách nơi ấy nhập",
        "outside the units of the key that is used: for whoever answers for that place",
    ),
    "far_from_commune": ProblemKind(
        "error",
        "Tọa độ cách xa xã/phường đã ghi: sửa tọa độ hoặc xã/phường, hoặc để trống tọa độ",
        "the point is farther from the stated commune than any part of it: correct either, or"
        " leave the point blank",
    ),
    "coordinates_swapped_back": ProblemKind(
        "notice",
        "Kinh độ và vĩ độ bị đổi chỗ, đã tự đổi lại",
        "longitude and latitude were swapped, and put right by --fix",
    ),
    "commune_differs_from_address": ProblemKind(
        "error",
        "Xã/phường trong địa chỉ khác với xã/phường ở cột riêng: sửa một trong hai",
        "the address names another commune than the column of communes: correct either",
    ),
    "district_unread": ProblemKind(
        "warning",
        "Không nhận ra quận/huyện hay tỉnh đã ghi, hoặc xã/phường không thuộc nơi ấy: đã hiểu"
        " xã/phường theo phần nhận ra được, kiểm tra lại",
        "the district or province is unknown, or the commune was never in it: the commune was read"
        " by what is known, check it",
    ),
    "province_differs": ProblemKind(
        "warning",
        "Địa chỉ ghi một tỉnh, thành phố mà xã/phường và quận/huyện ấy chưa bao giờ thuộc: đã hiểu"
        " theo xã/phường, kiểm tra lại",
        "the address names a province that its commune and district were never in: the commune was"
        " followed, check it",
    ),
}
