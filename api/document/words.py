"""Texts of the OpenAPI document, Vietnamese first."""

from typing import Final

from registry.core.messages import Message

DESCRIPTION: Final = """\
Sổ đăng ký mã địa chỉ số của Việt Nam: từ mã, địa chỉ kiểu nào cũng được, hoặc một điểm, ra đúng cửa
nhà. Trang bán hàng bắt đầu từ `/v1/autocomplete` khi khách gõ và `/v1/validate` khi khách gửi. Lỗi
nào cũng có `code` không đổi cho chương trình, và `detail` cho người đọc.

Địa chỉ số: the register of permanent digital address codes (mã địa chỉ số) of Viet Nam. A shop
calls `/v1/autocomplete` while its customer types, and `/v1/validate` when they submit.

Every error is a problem document (RFC 9457) with a stable `code`; each endpoint lists its own. Any
of them may also answer 405 `method_not_allowed` and 500 `internal_server_error`.
"""
# In the order in which readers look for them.
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
