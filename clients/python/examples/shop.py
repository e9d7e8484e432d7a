"""What a shop asks: `python shop.py http://127.0.0.1:8000 1H6X-XH2V '27 Láng, Hà Nội'`."""

import json
import sys

from diachiso_client import Client
from diachiso_client.generated.api.addresses import get_address
from diachiso_client.generated.api.reports import file_report
from diachiso_client.generated.api.search import geocode, run_batch, validate_address
from diachiso_client.generated.models import (
    Address,
    BatchAnswer,
    BatchBody,
    BatchBodyRowsItem,
    Geocoded,
    Problem,
    ReportBody,
    ReportBodyKind,
    ReportFiled,
    RunBatchOperation,
    ValidateBody,
    ValidationAnswer,
)


def main(register: str, code: str, address: str) -> dict[str, object]:
    """The answers, as a shop would use them."""
    client = Client(base_url=register)
    door = get_address.sync(code, client=client)
    assert isinstance(door, Address)
    nobody = get_address.sync("0000-0000", client=client)
    assert isinstance(nobody, Problem)
    found = geocode.sync(client=client, q=address)
    assert isinstance(found, Geocoded)
    verdict = validate_address.sync(client=client, body=ValidateBody(address=address))
    assert isinstance(verdict, ValidationAnswer)
    rows = [BatchBodyRowsItem.from_dict({"order": n, "q": q}) for n, q in enumerate((address, ""))]
    batch = run_batch.sync(RunBatchOperation.GEOCODE, client=client, body=BatchBody(rows))
    assert isinstance(batch, BatchAnswer)
    report = file_report.sync(
        client=client, body=ReportBody(kind=ReportBodyKind.CONFIRMED, code=code)
    )
    assert isinstance(report, ReportFiled)
    return {
        "lookup": door.label,
        "problem": nobody.code,
        "geocode": found.features[0].properties.code,
        "validate": verdict.verdict.value,
        "batch": [[row.additional_properties["order"], row.result.status] for row in batch.rows],
        "report": report.kind,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
