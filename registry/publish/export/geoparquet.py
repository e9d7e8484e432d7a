"""Writes GeoParquet 1.1: WKB in OGC:CRS84, with bounding boxes that let readers skip row groups.

With rows sorted along a space-filling curve a row group is one region, and a reader of a commune
reads a few groups of a national file.
"""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

_SIDES: Final = ("xmin", "ymin", "xmax", "ymax")
_BOX: Final = pa.field("bbox", pa.struct([(side, pa.float64()) for side in _SIDES]))
_KINDS: Final = {
    int(shapely.GeometryType[name.upper()]): name for name in ("Point", "Polygon", "MultiPolygon")
}


def geoparquet(batches: Iterable[Any], schema: Any) -> Iterator[bytes]:
    """Yield the bytes of the file; each batch is a row group."""
    out, total, kinds = _Out(), np.array([np.inf, np.inf, -np.inf, -np.inf]), set[str]()
    columns = schema.append(_BOX)
    with pq.ParquetWriter(out, columns, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            shapes = shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False))
            boxes = shapely.bounds(shapes)
            writer.write_batch(batch.append_column(_BOX, _boxes(boxes)), row_group_size=len(boxes))
            kinds |= {_KINDS[kind] for kind in np.unique(shapely.get_type_id(shapes)) if kind >= 0}
            low, high = np.fmin.reduce(boxes[:, :2]), np.fmax.reduce(boxes[:, 2:])
            total = np.concatenate((np.fmin(total[:2], low), np.fmax(total[2:], high)))
            yield out.taken()
        writer.add_key_value_metadata({"geo": json.dumps(_about(total.tolist(), sorted(kinds)))})
    yield out.taken()


def _boxes(boxes: Any) -> Any:
    nothing = np.isnan(boxes[:, 0])
    sides = [pa.array(boxes[:, side], mask=nothing) for side in range(len(_SIDES))]
    return pa.StructArray.from_arrays(sides, fields=list(_BOX.type), mask=pa.array(nothing))


def _about(box: list[float], kinds: list[str]) -> dict[str, Any]:
    about: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": kinds,
        "covering": {"bbox": {side: ["bbox", side] for side in _SIDES}},
    }
    if box[0] <= box[2]:
        about["bbox"] = box
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": about}}


class _Out(io.RawIOBase):
    """A write-only stream whose bytes are taken out as they come."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._written += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
