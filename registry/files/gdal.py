"""GDAL as it reads and writes the layers of others: `pyogrio`, imported from here only.

GDAL asks each of its drivers whether a file is one of its own, by what stands in it and never by
its name. Some read what a file tells them to: any other one of the machine, or a server
(`<OGRVRTDataSource>` in what began as KML, a virtual table of SQLite). They are left out before the
library is loaded.
"""

import os
from typing import Final

READ: Final = frozenset(
    {
        *("ESRI Shapefile", "MapInfo File", "GPKG", "OpenFileGDB", "KML", "LIBKML"),
        *("GPX", "GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "JSONFG", "MEM", "FlatGeobuf"),
        *("MVT", "PMTiles"),  # written by an export, and read by its tests
    }
)
"""Drivers that are left; each reads the file that it is given, and what goes with it."""
_LEFT_OUT: Final = (
    *("ADBC", "AIVector", "AVCBin", "AVCE00", "AmigoCloud", "CSV", "CSW", "Carto", "DGN", "DXF"),
    *("EDIGEO", "EEDA", "Elasticsearch", "GDALG", "GML", "GPSBabel", "GTFS"),
    *("GeoRSS", "HTTP", "Idrisi", "JML", "LVBAG", "MBTiles", "MapML", "MiraMonVector", "NGW"),
    *("OAPIF", "ODS", "OGCAPI", "OGR_GMT", "OGR_PDS", "OGR_VRT", "OSM", "PCIDSK", "PDF", "PDS4"),
    *("PGDUMP", "PLSCENES", "S57", "SQLite", "SXF", "Selafin", "VDV", "VFK"),
    *("VICAR", "WAsP", "WFS", "XLSX"),
)
os.environ["OGR_SKIP"] = ",".join(_LEFT_OUT)

# It asks the environment when it is loaded.
import pyogrio  # noqa: E402
from pyogrio.errors import DataLayerError, DataSourceError  # noqa: E402
from pyogrio.raw import open_arrow, write_arrow  # noqa: E402

__all__ = ["READ", "DataLayerError", "DataSourceError", "open_arrow", "pyogrio", "write_arrow"]
