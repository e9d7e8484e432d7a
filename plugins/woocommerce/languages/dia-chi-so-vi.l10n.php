<?php
/**
 * Vietnamese.
 *
 * @package DiaChiSo
 */

return array(
	'domain'   => 'dia-chi-so',
	'language' => 'vi',
	'messages' => array(
		'The address of the register is not set.'      => 'Chưa khai địa chỉ của sổ.',
		'The register did not answer a moment ago.'    => 'Vừa rồi sổ không trả lời; ít giây nữa hệ thống sẽ thử lại.',
		'The register did not answer: %s'              => 'Sổ không trả lời: %s',
		'The register answered with status %d.'        => 'Sổ trả lời với trạng thái %d.',
		'The register answers.'                        => 'Sổ trả lời tốt.',
		'The address of the register begins with http:// or https://.' => 'Địa chỉ của sổ bắt đầu bằng http:// hoặc https://.',
		'The name of a carrier consists of small letters and digits, such as ghn.' => 'Tên hãng viết bằng chữ thường và số, như ghn.',
		'Address of the register'                      => 'Địa chỉ của sổ',
		'Key'                                          => 'Khoá',
		'A key is stored; leave this empty to keep it.' => 'Đã lưu khoá; để trống thì giữ nguyên.',
		'Recommended: all customers share the limits of this server, and a key raises them. It stays on this server.' => 'Nên có: mọi khách dùng chung hạn mức của máy chủ này, có khoá thì cao hơn. Khoá chỉ nằm ở máy chủ này.',
		'Forget the key'                               => 'Xoá khoá',
		'Wording for the carrier'                      => 'Cách viết cho hãng chuyển phát',
		'Units of today'                               => 'Theo địa giới hiện nay',
		'Also by the map of before July 2025'          => 'Kèm theo địa giới trước tháng 7/2025',
		'Ids of the carrier'                           => 'Mã của hãng chuyển phát',
		'Whose ids of communes and provinces are stored with the order, where the register has them.' => 'Lưu cùng đơn mã xã, mã tỉnh của hãng này, nếu sổ có.',
		'Suggestions are off: turn on address autocomplete under WooCommerce, Settings, General.' => 'Chưa bật gợi ý: vào WooCommerce, Cài đặt, Chung, bật gợi ý địa chỉ (address autocomplete).',
		'Addresses in Viet Nam that are typed at checkout are sent to an address register to be completed and checked; nothing else of the order is sent.' => 'Địa chỉ ở Việt Nam mà khách gõ khi đặt hàng được gửi đến sổ địa chỉ để gợi ý và kiểm tra; không gửi gì khác của đơn hàng.',
		'Address code'                                 => 'Mã địa chỉ',
		'Address today'                                => 'Địa chỉ hiện nay',
		'Commune'                                      => 'Xã, phường',
		'By the old map'                               => 'Theo địa giới cũ',
		'Ids of %s'                                    => 'Mã của %s',
		'The address is registered.'                   => 'Địa chỉ đã có trong sổ.',
		'The address is registered; it is written today as below.' => 'Địa chỉ đã có trong sổ; hiện nay viết như dưới đây.',
		'The house is not registered yet; the commune is known.' => 'Nhà này chưa có trong sổ; đã rõ xã, phường.',
		'Not checked: the register did not answer. Check again under order actions.' => 'Chưa kiểm tra: sổ không trả lời. Kiểm tra lại ở mục thao tác với đơn.',
		'Ask the customer about the address.'          => 'Cần hỏi lại khách về địa chỉ.',
		'Check the address (Địa chỉ số)'               => 'Kiểm tra địa chỉ (Địa chỉ số)',
	),
);
