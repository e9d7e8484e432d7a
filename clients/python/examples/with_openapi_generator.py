"""The same with a client that openapi-generator made (`-g python`, package `openapi_client`)."""

import json
import sys

from openapi_client import (
    AddressesApi,
    ApiClient,
    BatchBody,
    Configuration,
    Problem,
    ReportBody,
    ReportsApi,
    SearchApi,
    ValidateBody,
)
from openapi_client.exceptions import NotFoundException


def main(register: str, code: str, address: str) -> dict[str, object]:
    """The answers, as a shop would use them."""
    with ApiClient(Configuration(host=register)) as client:
        search = SearchApi(client)
        door = AddressesApi(client).get_address(code)
        try:
            AddressesApi(client).get_address("0000-0000")
        except NotFoundException as error:
            nobody = error.data
        assert isinstance(nobody, Problem)
        found = search.geocode(q=address)
        verdict = search.validate_address(ValidateBody(address=address))
        rows = [{"order": n, "q": q} for n, q in enumerate((address, ""))]
        batch = search.run_batch("geocode", BatchBody(rows=rows))
        report = ReportsApi(client).file_report(ReportBody(kind="confirmed", code=code))
    return {
        "lookup": door.label,
        "problem": nobody.code,
        "geocode": found.features[0].properties.code,
        "validate": verdict.verdict,
        "batch": [[row.additional_properties["order"], row.result.status] for row in batch.rows],
        "report": report.kind,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
