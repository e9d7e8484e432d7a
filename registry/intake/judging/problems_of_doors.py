"""Problems of a row beside others: doors that may be one, names and records of the register."""

from typing import Final

from registry.intake.judging.problem_kind import ProblemKind

OF_DOORS: Final[dict[str, ProblemKind]] = {
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
    "door_ambiguous": ProblemKind(
        "error",
        "Địa chỉ này là của nhiều nhà, mà dòng không nói rõ nhà nào: ghi xã/phường cũ, hoặc thêm"
        " tọa độ",
        "several doors have this address, and nothing tells which is meant: write the former"
        " commune, or add a point",
    ),
    "duplicate_ref": ProblemKind(
        "error",
        "Mã hồ sơ đã có ở dòng trước trong tệp",
        "the source_ref occurs before in the file",
    ),
    "duplicate_in_file": ProblemKind(
        "warning",
        "Cùng một chỗ ở với dòng trước trong tệp, nhận cùng một mã và chỉ tính một lần: nếu là hộ"
        " khác ở chung thì ghi mã hồ sơ của từng hộ, hoặc ghi Số hộ ở dòng trước",
        "the same door as an earlier row, the same code, and counted once: where it is another hộ"
        " that lives there, give each its reference, or say the number of hộ in the earlier row",
    ),
    "shares_door": ProblemKind(
        "notice",
        "Hộ khác ở cùng một chỗ ở với dòng khác trong tệp: nhận cùng một mã, và tính thêm một hộ",
        "another hộ at the door of another row: the same code, and one more hộ is counted",
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
        "Một trong các số của một nhà (12-14; 12, 14) cũng là số của nhà khác, đã nhận mã riêng:"
        " một nhà hay nhiều nhà?",
        "one of the numbers of one house (12-14) is another door's, too; it got a code of its own:"
        " one house, or several?",
    ),
    "street_spelled_otherwise": ProblemKind(
        "warning",
        "Tên đường chỉ khác dấu với đường khác của xã, phường, đã ghi thành đường riêng: nếu là một"
        " thì sửa tệp",
        "the street's name differs from another one of the commune in its marks only, and makes a"
        " street of its own: correct the file where they are one",
    ),
    "street_stretched": ProblemKind(
        "warning",
        "Tên đường là tên đường khác của xã, phường thêm chữ kéo dài, nối dài, cũ, mới; đã ghi"
        " thành đường riêng: nếu là một thì sửa tệp",
        "the street is called as another one of the commune with kéo dài, nối dài, cũ or mới"
        " behind, and makes a street of its own: correct the file where they are one",
    ),
    "locality_spelled_otherwise": ProblemKind(
        "warning",
        "Tên thôn, tổ chỉ khác dấu với nơi khác của xã, phường, đã ghi thành nơi riêng: nếu là một"
        " thì sửa tệp",
        "the locality's name differs from another one of the commune in its marks only, and makes"
        " a locality of its own: correct the file where they are one",
    ),
    "name_misspelled": ProblemKind(
        "error",
        "Tên đường, thôn, tổ, toà nhà có chữ mà tiếng Việt không có (bị cắt, gõ sai, sai phông), và"
        " xã, phường chưa có nơi nào tên ấy: sửa lại; nếu tên đúng thì tạo một mã địa chỉ với tên"
        " ấy bằng tay rồi nhập lại",
        "the name of a street, a locality or a building has a syllable that Vietnamese lacks (cut"
        " off, mistyped, of another font), and the commune knows none of that name: correct it;"
        " where it is right, make one record with it by hand and import again",
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
        "Mã địa chỉ này đã ngừng dùng: dòng này không được ghi, và được dẫn tới mã tiếp nối nếu có"
        " một mã",
        "the record of this door is retired: the row was not written, and leads to the code that"
        " continues it where there is one",
    ),
}
