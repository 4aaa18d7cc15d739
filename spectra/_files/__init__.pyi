from ._bounds import SLACK, check_packed, check_pixels, check_size, largest_unpacked, memory_bytes
from ._formats import DESCRIPTION, Format, recognise
from ._netcdf_process import netcdf_process
from ._picture_formats import (
    PICTURE_HEAD_BYTES,
    PictureFormat,
    has_picture_suffix,
    looks_like_picture,
    picture_format,
)
from ._regular import check_readable, check_regular, is_regular, open_regular, read_head, read_whole
from ._zarr_store import check_store, is_zarr, told_order
from ._zips import is_zip, open_zip

__all__ = [
    "DESCRIPTION",
    "PICTURE_HEAD_BYTES",
    "SLACK",
    "Format",
    "PictureFormat",
    "check_packed",
    "check_pixels",
    "check_readable",
    "check_regular",
    "check_size",
    "check_store",
    "has_picture_suffix",
    "is_regular",
    "is_zarr",
    "is_zip",
    "largest_unpacked",
    "looks_like_picture",
    "memory_bytes",
    "netcdf_process",
    "open_regular",
    "open_zip",
    "picture_format",
    "read_head",
    "read_whole",
    "recognise",
    "told_order",
]
