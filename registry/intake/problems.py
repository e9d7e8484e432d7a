"""Every problem that a row can have: a stable code, how grave, and its two texts."""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What a code means. `error`: the row is not published; `warning`: it is, look at it."""

    severity: Severity
    vi: str
    en: str


PROBLEMS: Final[dict[str, ProblemKind]] = {
    "address_names_no_dwelling": ProblemKind(
        "error",
        "Địa chỉ không chỉ ra chỗ ở nào: cần số nhà, căn hộ, hoặc thôn/tổ kèm tọa độ",
        "names no dwelling: a house number, a flat, or a locality with a point is needed",
    ),
    "too_many_cells": ProblemKind(
        "error",
        "Dòng có nhiều ô hơn dòng tiêu đề: ô có chứa dấu phân cách phải đặt trong ngoặc kép",
        "more cells than the header: a cell that holds the delimiter needs quotation marks",
    ),
    "no_house_there": ProblemKind(
        "error",
        "Cột Kết quả ghi là không có nhà, nên dòng này không được nhập",
        "the row says that no house is there (visit_result), so that nothing is imported",
    ),
    "address_missing": ProblemKind("error", "Thiếu địa chỉ", "the row holds no address"),
    "commune_missing": ProblemKind(
        "error", "Thiếu xã/phường: ghi tên hoặc mã xã", "names no commune: write its name or code"
    ),
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
        "Tên này là của phường, xã hiện nay và của quận, huyện cũ: đã hiểu là phường, xã",
        "a commune of today and a former district bear this name: read as the commune",
    ),
    "commune_corrected": ProblemKind(
        "warning",
        "Tên xã/phường, quận/huyện hay tỉnh viết sai một chữ: kiểm tra lại",
        "the name of a commune, district or province has a letter wrong: check it",
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
    "completed_from_former_address": ProblemKind(
        "notice",
        "Đã lấy từ địa chỉ cũ phần mà địa chỉ mới không ghi",
        "completed by the earlier address, where the one of today says nothing",
    ),
    "former_address_differs": ProblemKind(
        "warning",
        "Địa chỉ cũ chỉ nơi khác với địa chỉ mới: đã bỏ qua địa chỉ cũ, kiểm tra lại",
        "the earlier address names another place than the one of today: it was left aside",
    ),
    "former_commune_differs": ProblemKind(
        "warning",
        "Xã/phường cũ không thuộc xã/phường mới: đã lấy xã/phường mới, kiểm tra lại",
        "the commune of before did not become the one of today, which was taken: check them",
    ),
    "address_differs_from_columns": ProblemKind(
        "error",
        "Cột địa chỉ và các cột số nhà, đường, thôn, toà nhà, tầng, căn hộ nói khác nhau: sửa một"
        " trong hai",
        "the text of the address and the columns of its parts contradict each other: correct"
        " either",
    ),
    "coordinates_unreadable": ProblemKind(
        "error",
        "Tọa độ không đọc được: cần độ thập phân WGS 84, ví dụ kinh độ 105.8380, vĩ độ 21.0386",
        "longitude or latitude is no decimal degree (WGS 84), such as 105.8380 and 21.0386",
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
    "households_count_unreadable": ProblemKind(
        "error", "Số hộ không phải là số từ 1 trở lên", "households_count is no number of 1 or more"
    ),
    "households_count_none": ProblemKind(
        "warning",
        "Số hộ ghi là 0 hoặc không có: nhà vẫn có địa chỉ, đã ghi là 1 hộ, kiểm tra lại",
        "households_count says 0 or none: the dwelling has its address all the same and is taken as"
        " that of 1 hộ",
    ),
    "coordinates_swapped_back": ProblemKind(
        "notice",
        "Kinh độ và vĩ độ bị đổi chỗ, đã đổi lại (--fix)",
        "longitude and latitude were swapped, and put right by --fix",
    ),
    "households_count_read": ProblemKind(
        "notice",
        "Số hộ có chữ hay số 0 đi kèm, đã lấy số",
        "households_count has letters or zeros around the number, which was taken",
    ),
    "point_of_many": ProblemKind(
        "notice",
        "Hơn 20 nhà khác số cùng một tọa độ: tọa độ của thôn, của trụ sở, không phải của từng nhà;"
        " nên đo từng nhà",
        "more than 20 doors of other numbers at one point, which is that of a village or an office"
        " rather than theirs: survey each where you can",
    ),
    "row_of_member": ProblemKind(
        "notice",
        "Dòng của thành viên: cùng mã hồ sơ và chỗ ở với dòng trước, hoặc chỉ có tên người; đã bỏ"
        " qua",
        "a member of the household: the reference and door of an earlier row, or nothing but a"
        " name; passed over",
    ),
    "row_skipped": ProblemKind(
        "notice",
        "Không phải hộ: dòng tổng cộng, ghi chú hoặc chữ ký, đã bỏ qua",
        "no household: a total, a note or a signature, passed over",
    ),
    "no_house_number": ProblemKind("notice", "Không có số nhà", "has no house number"),
    "number_mangled": ProblemKind(
        "error",
        "Bảng tính đã đổi số nhà hay tên đường thành ngày, số mũ hay công thức: gõ lại như ghi trên"
        " cửa, ô Text",
        "a spreadsheet made a date, a power of ten or a formula of the house number or street",
    ),
    "number_without_street": ProblemKind(
        "error",
        "Có số nhà mà không có tên đường, thôn, tổ hay tọa độ: ghi thêm, vì số ấy ở đường nào cũng"
        " có",
        "a house number with neither a street, a locality nor a point, which any street may have:"
        " write one",
    ),
    "street_missing": ProblemKind(
        "warning",
        "Có số nhà mà không có tên đường: kiểm tra lại",
        "a house number without a street, though other rows have one, or without a locality either:"
        " check it",
    ),
    "reference_mangled": ProblemKind(
        "error",
        "Bảng tính đã đổi mã hồ sơ thành số mũ, mất chữ số: lấy lại mã từ tệp gốc, ô Text",
        "a spreadsheet made a power of ten of the source_ref and lost its figures: take it from the"
        " original, into a cell of text",
    ),
    "person_behind_street": ProblemKind(
        "error",
        "Sau tên đường có gạch ngang và tên như tên người: bỏ tên người; nếu cả hai là tên đường"
        " thì viết không có gạch",
        "a dash and what looks like a person's name behind the street: leave the person out; where"
        " both name the street, write it without the dash",
    ),
    "commune_differs_from_address": ProblemKind(
        "error",
        "Xã/phường trong địa chỉ khác với xã/phường ở cột riêng: sửa một trong hai",
        "the address names another commune than the column of communes: correct either",
    ),
    "as_above": ProblemKind(
        "error",
        'Ô chỉ ghi lặp lại ô trên (", nt, như trên): ghi đầy đủ',
        'a cell only repeats the one above (", nt, như trên): write it out',
    ),
    "text_garbled": ProblemKind(
        "error",
        "Ô có chữ không đọc được: phông cũ (TCVN3, VNI) lẫn với Unicode, hay chữ hỏng: gõ lại",
        "a cell holds letters of no font, or an old font among Unicode: type it again",
    ),
    "number_unreadable": ProblemKind(
        "error",
        "Ô số nhà hay ô đường có phần không đọc được, hoặc có tên đường, căn hộ khác với ô khác:"
        " ghi từng phần vào đúng cột",
        "the cell of the house number or street holds what cannot be read, or a street or flat that"
        " another cell contradicts: write each part into its column",
    ),
    "number_unlikely": ProblemKind(
        "warning",
        "Số nhà khác thường (5 chữ số trở lên, hoặc quá nhiều cấp): có thể là ngày, mã bưu chính"
        " hay hai địa chỉ, kiểm tra lại",
        "a house number of five figures, or of so many steps: it may be a day, a postcode or two"
        " addresses, check it",
    ),
    "floor_differs": ProblemKind(
        "warning",
        "Tầng không khớp với số căn hộ: kiểm tra lại",
        "the floor is not the one that the flat's number says: check it",
    ),
    "duplicate_ref": ProblemKind(
        "error",
        "Mã hồ sơ đã có ở dòng trước trong tệp",
        "the source_ref occurs before in the file",
    ),
    "duplicate_in_file": ProblemKind(
        "warning",
        "Cùng một chỗ ở với dòng trước trong tệp, nhận cùng một mã và chỉ tính một lần: nếu là hộ"
        " khác ở chung thì ghi Số hộ ở dòng trước",
        "the same door as an earlier row, the same code, and counted once: where it is another hộ"
        " that lives there, say the number of hộ in the earlier row",
    ),
    "near_same_address": ProblemKind(
        "warning",
        "Cùng địa chỉ với nhà khác mà tọa độ cách xa nhau, đã nhận mã riêng: một nhà hay hai?",
        "the same address as another door, at a point apart; it got a code of its own: one door or"
        " two?",
    ),
    "near_same_point": ProblemKind(
        "warning",
        "Cùng tọa độ với nhà khác số: kiểm tra lại số nhà hoặc tọa độ",
        "the same point as a door of another number: check the number or the point",
    ),
    "near_same_name": ProblemKind(
        "warning",
        "Cùng số nhà trên đường có tên chỉ khác một chữ: kiểm tra lại tên đường",
        "the same number on a street whose name differs by a letter: check the street's name",
    ),
    "near_same_place": ProblemKind(
        "warning",
        "Cùng số nhà ở tổ, thôn có thể là một (Tổ 5, Tổ dân phố 5), đã nhận mã riêng: một nhà hay"
        " hai?",
        "the same number in localities that may be one (Tổ 5, Tổ dân phố 5); it got a code of its"
        " own: one door or two?",
    ),
    "near_same_flat": ProblemKind(
        "warning",
        "Cùng căn hộ với dòng khác, chỉ khác chữ của toà đứng trước số (A1205, 1205), đã nhận mã"
        " riêng: một căn hay hai?",
        "the flat of another row, but for the block's mark before its number (A1205, 1205); it got"
        " a code of its own: one flat or two?",
    ),
    "near_same_range": ProblemKind(
        "warning",
        "Ghi nhiều số là một nhà (12-14; 12, 14), mà một số trong đó là nhà khác, đã nhận mã riêng:"
        " một nhà hay nhiều nhà?",
        "several numbers as those of one house (12-14), of which one is a door of its own; it got a"
        " code of its own: one house, or several?",
    ),
    "locality_differs": ProblemKind(
        "warning",
        "Tổ, thôn ghi trong địa chỉ khác với cột tổ, thôn: đã lấy theo địa chỉ, kiểm tra lại",
        "the address names another group or hamlet than its column: the address was followed",
    ),
    "district_unread": ProblemKind(
        "warning",
        "Không nhận ra quận/huyện đã ghi, hoặc xã/phường không thuộc nơi ấy: đã hiểu xã/phường theo"
        " tên và tỉnh, kiểm tra lại",
        "the district is unknown, or the commune was never in it: the commune was read by its name"
        " and province, check it",
    ),
    "province_differs": ProblemKind(
        "warning",
        "Địa chỉ ghi một tỉnh, thành phố mà xã/phường và quận/huyện ấy chưa bao giờ thuộc: đã hiểu"
        " theo xã/phường, kiểm tra lại",
        "the address names a province that its commune and district were never in: the commune was"
        " followed, check it",
    ),
    "second_number": ProblemKind(
        "warning",
        "Địa chỉ có hai số nhà, đã đọc một: kiểm tra lại; hai nhà thì ghi thành hai dòng",
        "the address has two house numbers, of which one was read: check it, and write two houses"
        " in two rows",
    ),
    "street_part_unread": ProblemKind(
        "warning",
        "Ô đường có tên khác bên cạnh tên đường, không được đọc: kiểm tra lại",
        "the cell of the street names something beside it that was not read: check it",
    ),
    "ward_behind_street": ProblemKind(
        "warning",
        "Sau tên đường có gạch ngang và tên một phường, xã: đã ghi cả hai là tên đường; nếu là"
        " phường, xã cũ thì ghi vào cột riêng",
        "a dash and the name of a commune behind the street: both were taken for the street's name;"
        " a former commune belongs into its own column",
    ),
    "street_spelled_otherwise": ProblemKind(
        "warning",
        "Tên đường chỉ khác dấu với đường khác của xã, phường, đã ghi thành đường riêng: nếu là một"
        " thì sửa tệp",
        "the street's name differs from another one of the commune in its marks only, and makes a"
        " street of its own: correct the file where they are one",
    ),
    "locality_spelled_otherwise": ProblemKind(
        "warning",
        "Tên thôn, tổ chỉ khác dấu với nơi khác của xã, phường, đã ghi thành nơi riêng: nếu là một"
        " thì sửa tệp",
        "the locality's name differs from another one of the commune in its marks only, and makes"
        " a locality of its own: correct the file where they are one",
    ),
    "street_ambiguous": ProblemKind(
        "error",
        "Tên đường viết không dấu, mà xã, phường có nhiều đường chỉ khác dấu: viết đủ dấu",
        "the street's name lacks its marks, and the commune has several that differ in them only:"
        " write the marks",
    ),
    "locality_ambiguous": ProblemKind(
        "error",
        "Tên thôn, tổ viết không dấu, mà xã, phường có nhiều nơi chỉ khác dấu: viết đủ dấu",
        "the locality's name lacks its marks, and the commune has several that differ in them"
        " only: write the marks",
    ),
    "former_name": ProblemKind(
        "warning",
        "Tên đường, thôn cũ: đã hiểu là tên hiện nay",
        "a former name of the street or locality, read as today's",
    ),
    "former_number": ProblemKind(
        "warning",
        "Số nhà cũ: nhận mã của nhà từng mang số này, mã giữ số hiện nay",
        "a former number: the code is that of the door that bore it, which keeps today's number",
    ),
    "number_of_two_houses": ProblemKind(
        "warning",
        "Số này trước đây là của nhà khác: đã hiểu theo số hiện nay, kiểm tra lại",
        "another door bore this number before: read as the number of today, check it",
    ),
    "former_address_unclear": ProblemKind(
        "error",
        "Tên hoặc số cũ có thể là nhiều nơi: ghi tên và số hiện nay, hoặc thêm tọa độ",
        "a former name or number that may mean several places: write today's, or add a point",
    ),
    "reference_moved_away": ProblemKind(
        "warning",
        "Mã hồ sơ này dùng chung mã địa chỉ với nhà nay đã mang số khác: nếu là nhà khác, nộp dưới"
        " mã hồ sơ mới để nhận mã riêng",
        "the reference shares the code of a door that bears another number now: where it is another"
        " door, deliver it under a new reference",
    ),
    "measured_position_kept": ProblemKind(
        "warning",
        "Vị trí của nhà này đã được đo tại chỗ, tệp ghi nơi khác: giữ vị trí trong sổ; nếu tệp"
        " đúng, hãy sửa vị trí của mã địa chỉ",
        "the position was measured at the door and the file gives another one: the register's is"
        " kept; where the file is right, move the record",
    ),
    "record_retired": ProblemKind(
        "warning",
        "Mã địa chỉ này đã ngừng dùng; dòng này không được ghi",
        "the record of this reference is retired; the row was not written",
    ),
}
