"""Headers of two storeys: names that are names only below what spans them."""

from registry.files.formats.table import find_header


def test_degrees_minutes_seconds_are_read_below_their_axis() -> None:
    rows = [
        ["STT", "Địa chỉ", "", "Phường", "Kinh độ", "", "", "Vĩ độ", "", ""],
        ["", "Số nhà", "Đường", "", "Độ", "Phút", "Giây", "Độ", "Phút", "Giây"],
        ["1", "12", "Láng", "Láng", "105", "48", "3.5", "21", "1", "7"],
    ]
    header = find_header(rows)
    assert header.rows_before_data == 2
    assert header.names == (
        *("STT", "Số nhà", "Đường", "Phường"),
        *("Kinh độ Độ", "Kinh độ Phút", "Kinh độ Giây", "Vĩ độ Độ", "Vĩ độ Phút", "Vĩ độ Giây"),
    )


def test_communes_of_two_maps_are_read_below_one_heading() -> None:
    rows = [
        ["Số nhà", "Ngõ", "Đường", "Phường/xã", ""],
        ["", "", "", "Cũ", "Mới"],
        ["12", "5", "Láng", "Phường Láng Hạ", "Phường Láng"],
    ]
    header = find_header(rows)
    assert header.rows_before_data == 2
    assert header.names == ("Số nhà", "Ngõ", "Đường", "Phường/xã Cũ", "Phường/xã Mới")


def test_data_row_is_not_part_of_a_two_row_header() -> None:
    rows = [["Số nhà", "Đường", "Xã"], ["12", "Láng", "Cũ"], ["14", "Láng", "Mới"]]
    assert find_header(rows).names == ("Số nhà", "Đường", "Xã")
    assert find_header(rows).rows_before_data == 1
