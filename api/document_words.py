"""The words of the OpenAPI document, in Vietnamese first; and what programs call each endpoint.

Programs that were generated from the document call an endpoint by its `operationId`, which is never
changed.
"""

import re
from typing import Any, Final

from registry.core.messages import Message, in_vietnamese
from registry.lifecycle.table import OPERATIONS

DESCRIPTION: Final = """\
Sổ đăng ký mã địa chỉ số của Việt Nam: từ mã, địa chỉ kiểu nào cũng được, hoặc một điểm, ra đúng cửa
nhà. Trang bán hàng bắt đầu từ `/v1/autocomplete` khi khách gõ và `/v1/validate` khi khách gửi. Lỗi
nào cũng có `code` không đổi cho chương trình, và `detail` cho người đọc.

Địa chỉ số: register of permanent digital address codes (mã địa chỉ số) of Viet Nam. A shop begins
with `/v1/autocomplete` while its customer types, and `/v1/validate` when they submit.

Every error is a problem document (RFC 9457) with a stable `code`; each endpoint lists its own. Any
of them may also answer 405 `method_not_allowed` and 500 `internal_server_error`.
"""
# In the order in which people look for them.
TAGS: Final = {
    "search": Message("api_geocode_summary"),
    "addresses": Message("api_lookup_summary"),
    "units": Message("api_units_summary"),
    "map": Message("api_tiles_summary"),
    "gis": Message("api_features_summary"),
    "coverage": Message("api_coverage_summary"),
    "operations": Message("api_changes_summary"),
    "field": Message("api_rounds_summary"),
    "reports": Message("api_reports_summary"),
    "papers": Message("api_papers_summary"),
    "imports": Message("api_imports_summary"),
    "reforms": Message("api_reforms_summary"),
    "packs": Message("api_packs_summary"),
    "changes": Message("api_feed_summary"),
    "services": Message("api_services_summary"),
    "webhooks": Message("api_webhooks_summary"),
    "access": Message("api_key_summary"),
    "monitoring": Message("api_metrics_summary"),
    "health": Message("api_health_summary"),
}
_CALLED: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("get", "/healthz"): ("get_health", "Tiến trình có sống không"),
    ("get", "/readyz"): ("get_readiness", "Đã phục vụ được chưa"),
    ("get", "/metrics"): ("get_metrics", "Số liệu cho Prometheus"),
    ("get", "/openapi.json"): ("get_openapi", "Chính tài liệu này"),
    ("get", "/v1/addresses/{address_code}"): ("get_address", "Địa chỉ mang một mã"),
    ("patch", "/v1/addresses/{address_code}"): ("patch_address", "Sửa một bản ghi"),
    ("get", "/v1/addresses/{address_code}/history"): ("get_address_history", "Lịch sử của một mã"),
    ("get", "/v1/external/{scheme}/{value}"): (
        "find_external",
        "Mã bưu chính, thửa đất, mã riêng là nhà nào",
    ),
    ("get", "/tiles/tilejson.json"): ("get_tile_json", "TileJSON của ô bản đồ"),
    ("get", "/tiles/style.json"): ("get_map_style", "Kiểu vẽ bản đồ"),
    ("get", "/tiles/base/{z}/{x}/{y}"): ("get_base_tile", "Ô của bản đồ nền"),
    ("get", "/ogc"): ("get_ogc", "Lối vào OGC API Features"),
    ("get", "/ogc/conformance"): ("get_ogc_conformance", "Theo những phần nào của chuẩn"),
    ("get", "/ogc/collections"): ("list_ogc_collections", "Các lớp"),
    ("get", "/ogc/collections/{collection}"): ("get_ogc_collection", "Một lớp"),
    ("get", "/ogc/collections/households/items"): ("list_ogc_households", "Chỗ ở trên bản đồ"),
    ("get", "/ogc/collections/households/items/{feature}"): ("get_ogc_household", "Một chỗ ở"),
    ("get", "/ogc/collections/buildings/items"): ("list_ogc_buildings", "Toà nhà trên bản đồ"),
    ("get", "/ogc/collections/buildings/items/{feature}"): ("get_ogc_building", "Một toà nhà"),
    ("get", "/ogc/collections/{collection}/items"): (
        "list_ogc_features",
        "Đường, thôn, xã, tỉnh của một ngày",
    ),
    ("get", "/ogc/collections/{collection}/items/{feature}"): (
        "get_ogc_feature",
        "Một đường, thôn, xã, tỉnh",
    ),
    ("get", "/v1/export"): ("export", "Cả sổ trong một tệp"),
    ("get", "/v1/autocomplete"): ("autocomplete", "Gợi ý khi đang gõ địa chỉ"),
    ("post", "/v1/batch/{operation}"): ("run_batch", "Hỏi nhiều dòng một lần"),
    ("get", "/v1/coverage"): ("list_coverage", "Độ phủ của các tỉnh, xã"),
    ("get", "/v1/coverage/{code}"): ("get_coverage", "Độ phủ của một tỉnh, xã"),
    ("get", "/v1/coverage/{code}/series"): ("get_coverage_series", "Độ phủ qua từng ngày"),
    ("post", "/v1/targets"): ("declare_targets", "Kê khai tổng số hộ"),
    ("get", "/v1/coverage/{code}/gaps"): ("get_coverage_gaps", "Còn thiếu ở đâu"),
    ("get", "/v1/geocode"): ("geocode", "Tìm cửa nhà từ một địa chỉ"),
    ("post", "/v1/geocode"): ("geocode_by_post", "Tìm cửa nhà, địa chỉ không nằm trong URL"),
    ("get", "/v1/reverse"): ("reverse", "Những cửa gần một điểm"),
    ("post", "/v1/reverse"): ("reverse_by_post", "Những cửa gần một điểm, không nằm trong URL"),
    ("get", "/tiles/{z}/{x}/{y}"): ("get_tile", "Một ô của bản đồ"),
    ("get", "/v1/units"): ("list_units", "Tìm đơn vị hành chính theo tên, mã"),
    ("get", "/v1/units/picker"): ("get_unit_picker", "Tỉnh và xã cho hai ô chọn"),
    ("get", "/v1/units/convert"): ("convert_unit", "Đổi đơn vị cũ sang mới"),
    ("get", "/v1/units/{code}"): ("get_unit", "Một đơn vị hành chính"),
    ("post", "/v1/routes"): ("plan_route", "Xếp một danh sách thành tuyến phát"),
    ("post", "/v1/routes/papers"): ("print_route", "Tuyến phát thành phiếu, thành tem, để in"),
    ("post", "/v1/validate"): ("validate_address", "Kiểm tra một địa chỉ"),
    ("get", "/v1/whoami"): ("get_caller", "Khoá này là của ai, còn gọi được bao nhiêu"),
    ("get", "/v1/changes"): ("list_changes", "Những gì đã đổi, theo thứ tự"),
    ("get", "/v1/services"): ("find_services", "Hãng nào giao, gom ở một cửa nhà"),
    ("post", "/v1/services"): ("deliver_services", "Gửi vùng phục vụ và bưu cục của hãng"),
    ("get", "/v1/services/check"): ("check_services", "Vùng chồng nhau, cửa nhà chưa ai phục vụ"),
    ("post", "/v1/webhooks"): ("make_webhook", "Đăng ký nhận báo thay đổi"),
    ("get", "/v1/webhooks"): ("list_webhooks", "Các webhook của khoá này"),
    ("get", "/v1/webhooks/{webhook_id}"): ("get_webhook", "Một webhook đang ra sao"),
    ("patch", "/v1/webhooks/{webhook_id}"): ("change_webhook", "Sửa, tạm dừng, chạy tiếp"),
    ("delete", "/v1/webhooks/{webhook_id}"): ("delete_webhook", "Xoá một webhook"),
    ("post", "/v1/webhooks/{webhook_id}/secret"): ("rotate_webhook_secret", "Đổi khoá ký"),
    ("post", "/v1/webhooks/{webhook_id}/replay"): ("replay_webhook", "Gửi lại từ một chỗ bất kỳ"),
    ("post", "/v1/webhooks/{webhook_id}/test"): ("test_webhook", "Gửi thử một tin"),
    ("get", "/v1/webhooks/{webhook_id}/deliveries"): ("list_deliveries", "Những tin đã gửi"),
    ("get", "/v1/packs/keys"): ("list_pack_keys", "Khoá công khai để kiểm chữ ký của gói"),
    ("get", "/v1/packs/{commune}"): ("get_pack", "Gói ngoại tuyến của một xã, phường"),
    ("get", "/v1/packs/{commune}/basemap"): ("get_pack_basemap", "Bản đồ nền của một xã, phường"),
    ("post", "/v1/imports"): ("deliver_import", "Gửi một tệp hộ gia đình"),
    ("get", "/v1/imports"): ("list_imports", "Các đợt nhập"),
    ("get", "/v1/imports/template"): ("get_import_template", "Mẫu trống cho một xã"),
    ("get", "/v1/imports/{import_id}"): ("get_import", "Một đợt nhập"),
    ("delete", "/v1/imports/{import_id}"): ("discard_import", "Bỏ một đợt nhập chưa công bố"),
    ("get", "/v1/imports/{import_id}/problems"): (
        "list_import_problems",
        "Mọi vấn đề của từng dòng",
    ),
    ("get", "/v1/imports/{import_id}/report"): (
        "get_import_report",
        "Các dòng bị loại, thành tệp",
    ),
    ("get", "/v1/imports/{import_id}/codes"): ("get_import_codes", "Từng dòng với mã, thành tệp"),
    ("post", "/v1/imports/{import_id}/answers"): (
        "answer_import",
        "Thử lại tệp của một đợt, đọc theo câu trả lời",
    ),
    ("post", "/v1/imports/{import_id}/publish"): ("publish_import", "Công bố một đợt nhập"),
    ("post", "/v1/imports/{import_id}/rollback"): ("roll_back_import", "Rút lại một đợt nhập"),
    ("post", "/v1/reforms"): ("deliver_reform", "Gửi một nghị quyết sắp xếp đơn vị"),
    ("get", "/v1/reforms"): ("list_reforms", "Các nghị quyết"),
    ("get", "/v1/reforms/{reform_id}"): ("get_reform", "Một nghị quyết"),
    ("delete", "/v1/reforms/{reform_id}"): (
        "discard_reform",
        "Bỏ một nghị quyết chưa thực hiện",
    ),
    ("get", "/v1/reforms/{reform_id}/undecided"): (
        "get_reform_undecided",
        "Các hộ chưa rõ thuộc đơn vị nào, thành tệp",
    ),
    ("post", "/v1/reforms/{reform_id}/decided"): (
        "decide_reform",
        "Gửi lại tệp các hộ chưa rõ, đã điền",
    ),
    ("post", "/v1/reforms/{reform_id}/carry"): ("carry_reform", "Thực hiện một nghị quyết"),
    ("post", "/v1/reforms/{reform_id}/undo"): ("undo_reform", "Huỷ một nghị quyết đã thực hiện"),
    ("post", "/v1/reforms/{reform_id}/withdraw"): (
        "withdraw_reform",
        "Rút một nghị quyết đang chờ ngày",
    ),
    ("post", "/v1/papers/plates"): ("print_plates", "In biển số nhà"),
    ("post", "/v1/papers/lists"): ("print_list", "In danh sách đường, thôn"),
    ("post", "/v1/papers/decisions"): ("print_decision", "In quyết định đặt tên, đánh số"),
    ("post", "/v1/certificates"): ("issue_certificate", "Cấp giấy xác nhận địa chỉ"),
    ("get", "/v1/certificates"): ("list_certificates", "Các giấy xác nhận đã cấp"),
    ("get", "/v1/certificates/{number}"): ("get_certificate", "Giấy còn giá trị không"),
    ("post", "/v1/certificates/{number}/revoke"): ("revoke_certificate", "Thu hồi một giấy"),
    ("post", "/v1/reports"): ("file_report", "Báo điều thấy ở một cửa nhà"),
    ("post", "/v1/batch/reports"): ("file_reports", "Báo nhiều điều trong một lần"),
    ("get", "/v1/field/area"): ("get_field_area", "Các nhà cần đến của một đợt thực địa"),
    ("post", "/v1/field/records"): ("file_field_records", "Gửi điều ghi được ở thực địa"),
    ("get", "/v1/reports"): ("list_reports", "Các báo cáo chờ xem"),
    ("get", "/v1/reports/mine"): ("list_own_reports", "Các báo cáo mà khoá này đã gửi"),
    ("get", "/v1/reports/{receipt}"): ("get_report_outcome", "Báo cáo đã được xử lý ra sao"),
    ("post", "/v1/reports/{report_id}/accept"): ("accept_report", "Nhận một báo cáo"),
    ("post", "/v1/reports/{report_id}/reject"): ("reject_report", "Bác một báo cáo"),
    ("get", "/v1/pending-operations"): ("list_pending_operations", "Việc chờ người thứ hai"),
    ("get", "/v1/pending-operations/{pending_id}"): (
        "get_pending_operation",
        "Một việc chờ người thứ hai",
    ),
    ("post", "/v1/pending-operations/{pending_id}/approve"): (
        "approve_pending_operation",
        "Duyệt một việc, với tư cách người thứ hai",
    ),
    ("post", "/v1/pending-operations/{pending_id}/decline"): (
        "decline_pending_operation",
        "Từ chối một việc, hoặc rút việc mình đã gửi",
    ),
    **{
        ("post", f"/v1/operations/{made.name}"): (
            f"perform_{made.kind}",
            in_vietnamese(made.called).capitalize(),
        )
        for made in OPERATIONS
    },
}


def vietnamese_of(endpoint: str) -> str | None:
    """What an endpoint of the API is called, by its method and route; None for any other."""
    method, _, route = endpoint.partition(" ")
    found = _CALLED.get((method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)))
    return found[1] if found else None


def put_in_words(operation: dict[str, Any], path: str, method: str) -> None:
    """Name an operation of the document, and say what it does in Vietnamese before the English."""
    name, vietnamese = _CALLED[method, path]
    operation["operationId"] = name
    operation["summary"] = f"{vietnamese} ({operation['summary'].rstrip('.')})"
