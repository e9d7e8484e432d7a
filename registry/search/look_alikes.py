"""Names of streets that are a letter away from other ones, written down from general knowledge.

Whoever types one of these means it, whatever similar name the register holds.
"""

from typing import Final

_NAMES: Final = """
    Lê Thánh Tôn, Trần Nhân Tôn, Tôn Đản, Tông Đản, Lê Thái Tổ, Lê Thái Tông, Lý Thái Tông, Lý
    Thánh Tông, Lý Nhân Tông, Lý Thần Tông, Trần Thái Tông, Trần Thánh Tông, Trần Anh Tông, Trần
    Minh Tông, Lê Nhân Tông, Phan Châu Trinh, Nguyễn Dữ, Nguyễn Duy, Nguyễn Bình, Nguyễn Bỉnh,
    Nguyễn Biểu, Nguyễn Siêu, Nguyễn Thiếp, Nguyễn Thiệp, Nguyễn Nghiêm, Nguyễn Nghiễm, Nguyễn
    Tuấn, Nguyễn Trác, Nguyễn Trường Tộ, Nguyễn Thông, Nguyễn Hoàng, Nguyễn Hồng, Nguyễn Khánh,
    Nguyễn Chánh, Nguyễn Hiền, Nguyễn Hiến, Nguyễn Xiển, Nguyễn Thái Bình, Nguyễn Văn Cự, Nguyễn
    Văn Lượng, Nguyễn Văn Lương, Nguyễn Văn Luông, Nguyễn Văn Trổi, Nguyễn Văn Lạc, Nguyễn Văn
    Săng, Nguyễn Văn Săn, Nguyễn Thị Thập, Nguyễn Thị Nhỏ, Nguyễn Thị Thọ, Nguyễn Hữu Thận, Nguyễn
    Hữu Thuận, Nguyễn Hữu Huân, Nguyễn Đình Chi, Nguyễn Cư Trinh, Nguyễn Cảnh Chân, Nguyễn Cảnh
    Dị, Nguyễn Khoái, Nguyễn Khuyên, Nguyễn Sơn, Lê Lợi, Lê Lai, Lê Lý, Lê Văn Hưu, Lê Văn Hưng,
    Lê Văn Huân, Lê Văn Hiến, Lê Văn Thiêm, Lê Văn Duyệt, Lê Văn Khương, Lê Hoàn, Lê Hoàng, Lê
    Huân, Lê Ninh, Lê Nin, Lê Xuân Oai, Lã Xuân Oai, Lê Quang Đạo, Lê Quang Định, Lê Công Thanh,
    Lê Công Thành, Lê Chân, Lê Trân, Vũ Văn Dũng, Võ Văn Dũng, Võ Văn Kiệt, Lý Tự Trọng, Lý Thường
    Kiệt, Phan Văn Trị, Phan Văn Trường, Phan Tôn, Phan Tòng, Phan Huy Chú, Phan Huy Ích, Phan Huy
    Thực, Phạm Hùng, Phùng Hưng, Phan Hưng, Phạm Văn Đồng, Phạm Văn Đổng, Phạm Hồng Thái, Phạm Phú
    Thứ, Phạm Phú Tiết, Trần Phú, Trần Phủ, Trần Quang Diệu, Trần Quốc Tuấn, Trần Cao Vân, Trần
    Văn Kỷ, Trần Văn Ký, Trần Đình Xu, Trần Khắc Chân, Trần Khát Chân, Trần Quang Khải, Trần Quang
    Cơ, Trần Kế Xương, Trần Tế Xương, Hoàng Văn Thái, Hoàng Văn Thụ, Hoàng Hoa Thám, Hoàng Cầu,
    Hoàng Công Chất, Hồ Văn Huê, Hồ Văn Huệ, Hồng Hà, Hồng Hạc, Hồng Lạc, Hồng Bàng, Lạc Hồng, Bùi
    Hữu Nghĩa, Bùi Viện, Bùi Xuân Phái, Đặng Văn Ngữ, Đặng Văn Bi, Đặng Tất, Đặng Dung, Đặng Thùy
    Trâm, Đỗ Quang, Đỗ Quang Đẩu, Đội Cấn, Đội Cung, Đông Du, Đồng Du, Đông Tác, Đồng Khởi, Đồng
    Nai, Ba Cu, Bà Triệu, Bà Hom, Cao Bá Quát, Cao Bá Nhạ, Chu Văn An, Cô Giang, Cô Bắc, Cổ Giang,
    Hàng Bạc, Hàng Bài, Hàng Bè, Hàng Bồ, Hàng Buồm, Hàng Bông, Hàng Bún, Hàng Cá, Hàng Gà, Hàng
    Cân, Hàng Chuối, Hàng Cót, Hàng Da, Hàng Đào, Hàng Dầu, Hàng Điếu, Hàng Đồng, Hàng Đường, Hàng
    Gai, Hàng Giấy, Hàng Hành, Hàng Mành, Hàng Mã, Hàng Mắm, Hàng Muối, Hàng Ngang, Hàng Nón, Hàng
    Phèn, Hàng Quạt, Hàng Than, Hàng Thiếc, Hàng Thùng, Hàng Tre, Hàng Trống, Hàng Vải, Hàng Vôi,
    Hàng Bột, Hàng Khay, Hàng Lược, Nam Cao, Văn Cao, Quang Trung, Quảng Trung, Tây
    Sơn, Tây Hồ, Vạn Bảo, Vạn Phúc, Vạn Kiếp, Vạn Kiệt, Vân Hồ, Vân Đồn, Yên Đồn, An Đồn, Yên Thế,
    Yên Hòa, Yên Hoa, Yên Ninh, Yên Phụ, Hòa Bình, Hoa Bình, Hoa Lư, Hoa Lan, Hoa Mai, Hoa Sứ, Hoa
    Sữa, Hoa Cau, Hoa Cúc, Thanh Miến, Thanh Miếu, Thanh Nhàn, Thanh Niên, Thanh Long, Thăng Long,
    Tân Tiến, Tiền Tiến
"""
LOOK_ALIKES: Final = tuple(" ".join(name.split()) for name in _NAMES.split(","))
