"""Every problem that a row can have: a stable code, how grave, and its two texts.

Here are those of what its cells say by themselves.
"""

from typing import Final

from registry.intake.judging.problem_kind import ProblemKind
from registry.intake.judging.problems_of_doors import OF_DOORS
from registry.intake.judging.problems_of_places import OF_PLACES

_OF_CELLS: Final[dict[str, ProblemKind]] = {
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
    "address_differs_from_columns": ProblemKind(
        "error",
        "Cột địa chỉ và các cột số nhà, đường, thôn, toà nhà, tầng, căn hộ nói khác nhau: sửa một"
        " trong hai",
        "the text of the address and the columns of its parts contradict each other: correct"
        " either",
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
    "households_count_read": ProblemKind(
        "notice",
        "Số hộ có chữ hay số 0 đi kèm, đã lấy số",
        "households_count has letters or zeros around the number, which was taken",
    ),
    "row_skipped": ProblemKind(
        "notice",
        "Không phải hộ: dòng tổng cộng, ghi chú hoặc chữ ký, đã bỏ qua",
        "no household: a total, a note or a signature, passed over",
    ),
    "no_house_number": ProblemKind("notice", "Không có số nhà", "has no house number"),
    "number_mangled": ProblemKind(
        "error",
        "Bảng tính đã đổi số nhà, căn hộ hay tên đường thành ngày, số mũ hay công thức: gõ lại như"
        " ghi trên cửa, ô Text",
        "a spreadsheet made a date, a power of ten or a formula of the number of a house or flat,"
        " or of a street",
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
        "Bảng tính đã đổi mã hồ sơ thành số mũ, mất chữ số, hay công thức lỗi: lấy lại mã từ tệp"
        " gốc, ô Text",
        "a spreadsheet made a power of ten or an error of the source_ref: take it from the"
        " original, into a cell of text",
    ),
    "person_named": ProblemKind(
        "error",
        "Có tên như tên người, sau tên đường và gạch ngang, hay ở cột số nhà, thôn tổ, toà nhà: bỏ"
        " tên người; nếu là tên đường thì viết không có gạch, là toà nhà thì thêm chữ Toà nhà",
        "what looks like a person's name stands behind the street and a dash, or under the house"
        " number, locality or building: leave the person out; where it is the street's, write it"
        " without the dash, where it is the building's, with the word Toà nhà before it",
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
        "Ô số nhà, đường hay thôn, tổ có phần không đọc được, hoặc khác với ô khác (đường, ngõ, căn"
        " hộ), hay các ô bị lệch cột: ghi từng phần vào đúng cột",
        "the cell of the house number, street or locality holds what cannot be read, or a street,"
        " alley or flat that another cell contradicts, or the row's cells have moved: write each"
        " part into its column",
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
    "locality_differs": ProblemKind(
        "warning",
        "Tổ, thôn ghi trong địa chỉ khác với cột tổ, thôn: đã lấy theo địa chỉ, kiểm tra lại",
        "the address names another group or hamlet than its column: the address was followed",
    ),
    "second_number": ProblemKind(
        "warning",
        "Địa chỉ có hai số nhà, đã đọc một: kiểm tra lại; hai nhà thì ghi thành hai dòng",
        "the address has two house numbers, of which one was read: check it, and write two houses"
        " in two rows",
    ),
    "number_part_unread": ProblemKind(
        "warning",
        "Ô số nhà có tên hay chữ không phải là số nhà, không được đọc: kiểm tra lại",
        "the cell of the house number holds a name or letters that are no number, and were not"
        " read: check it",
    ),
    "number_unread": ProblemKind(
        "warning",
        "Địa chỉ có số mà không đọc được đó là số nhà: kiểm tra lại, ghi số nhà trước tên đường",
        "the address holds a number that was not read as the house's: check it, and write the"
        " number before the street",
    ),
    "street_part_unread": ProblemKind(
        "warning",
        "Ô đường có tên khác bên cạnh tên đường, không được đọc: kiểm tra lại",
        "the cell of the street names something beside it that was not read: check it",
    ),
    "place_unread": ProblemKind(
        "warning",
        "Ô thôn, tổ ghi số nhà, ngõ, đường hay chữ không phải tên thôn, tổ, không được đọc: kiểm"
        " tra lại",
        "the cell of the locality holds a number, an alley, a street or what is no locality's name,"
        " and was not read: check it",
    ),
    "ward_behind_street": ProblemKind(
        "warning",
        "Sau tên đường có gạch ngang và tên một phường, xã: đã ghi cả hai là tên đường; nếu là"
        " phường, xã cũ thì ghi vào cột riêng",
        "a dash and the name of a commune behind the street: both were taken for the street's name;"
        " a former commune belongs into its own column",
    ),
}

PROBLEMS: Final[dict[str, ProblemKind]] = {**_OF_CELLS, **OF_PLACES, **OF_DOORS}
