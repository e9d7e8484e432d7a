"""GDAL with safe drivers only: import `pyogrio` from here, nowhere else.

GDAL asks each driver whether it recognises a file by its content, regardless of its name. Some
drivers follow references in a file to other local files or to servers (`<OGRVRTDataSource>` in a
file that begins like KML, a virtual table of SQLite). They are disabled before the library loads.
"""

import os
from typing import Final

READ: Final = frozenset(
    {
        *("ESRI Shapefile", "MapInfo File", "GPKG", "OpenFileGDB", "KML", "LIBKML"),
        *("GPX", "GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "JSONFG", "MEM", "FlatGeobuf"),
        *("MVT", "PMTiles"),  # written by exports, read by their tests
    }
)
"""Enabled drivers; each reads only the given file and its sidecar files."""
_DISABLED: Final = (
    *("ADBC", "AIVector", "AVCBin", "AVCE00", "AmigoCloud", "CSV", "CSW", "Carto", "DGN", "DXF"),
    *("EDIGEO", "EEDA", "Elasticsearch", "GDALG", "GML", "GPSBabel", "GTFS"),
    *("GeoRSS", "HTTP", "Idrisi", "JML", "LVBAG", "MBTiles", "MapML", "MiraMonVector", "NGW"),
    *("OAPIF", "ODS", "OGCAPI", "OGR_GMT", "OGR_PDS", "OGR_VRT", "OSM", "PCIDSK", "PDF", "PDS4"),
    *("PGDUMP", "PLSCENES", "S57", "SQLite", "SXF", "Selafin", "VDV", "VFK"),
    *("VICAR", "WAsP", "WFS", "XLSX"),
)
os.environ["OGR_SKIP"] = ",".join(_DISABLED)

# GDAL reads the environment when it is loaded.
import pyogrio  # noqa: E402
from pyogrio.errors import DataLayerError, DataSourceError  # noqa: E402
from pyogrio.raw import open_arrow, write_arrow  # noqa: E402

__all__ = ["READ", "DataLayerError", "DataSourceError", "open_arrow", "pyogrio", "write_arrow"]
