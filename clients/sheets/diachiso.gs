/**
 * Địa chỉ số trong Google Trang tính: =DIACHISO(A2), =DIACHISO(A2:A100; "code").
 *
 * Tiện ích mở rộng → Apps Script → dán tệp này, đổi MAY_CHU thành địa chỉ máy chủ của bạn.
 */
const MAY_CHU = 'https://diachi.example';

/**
 * Một giá trị của địa chỉ; của một cột ô thì trả cả cột, hỏi trong một lần.
 *
 * @param {A2:A100} diaChi Địa chỉ, hoặc mã địa chỉ số.
 * @param {"label"} cot label, code, commune, province, lon, lat, verdict…
 * @return {string} Giá trị, hoặc ô trống.
 * @customfunction
 */
function DIACHISO(diaChi, cot) {
  const rows = Array.isArray(diaChi) ? diaChi.map((row) => row[0]) : [diaChi];
  const column = cot || 'label';
  const answered = UrlFetchApp.fetch(MAY_CHU + '/v1/batch/validate', {
    method: 'post',
    contentType: 'text/csv',
    payload: 'address\n' + rows.map(quoted).join('\n'),
    muteHttpExceptions: true,
  });
  if (answered.getResponseCode() !== 200) {
    throw new Error(JSON.parse(answered.getContentText()).detail || 'Không hỏi được máy chủ');
  }
  const [header, ...values] = Utilities.parseCsv(answered.getContentText());
  const at = header.findIndex((name) => name === column || name.endsWith('_' + column));
  if (at < 0) throw new Error('Không có cột ' + column);
  return values.map((row) => [row[at]]);
}

function quoted(value) {
  return '"' + String(value).replace(/"/g, '""') + '"';
}
