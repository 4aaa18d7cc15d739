from ._along import NOWHERE, Indices, Role, moves
from ._borders import NOTHING, Borders
from ._dispatched import Dispatched, name_of, tensors
from ._layout import Layout
from ._live import LiveBytes
from ._manner import Manner, channel_axis
from ._mode import LargestTensor, LightMode, is_composite, unseen
from ._origins import Origins
from ._padding import Padding
from ._rearrange import Enlarged, looks_up, read_enlarged, read_layout, read_roles
from ._storages import Region, StorageMap, region
from ._taint import Depth, Taint

__all__ = [
    "NOTHING",
    "NOWHERE",
    "Borders",
    "Depth",
    "Dispatched",
    "Enlarged",
    "Indices",
    "LargestTensor",
    "Layout",
    "LightMode",
    "LiveBytes",
    "Manner",
    "Origins",
    "Padding",
    "Region",
    "Role",
    "StorageMap",
    "Taint",
    "channel_axis",
    "is_composite",
    "looks_up",
    "moves",
    "name_of",
    "read_enlarged",
    "read_layout",
    "read_roles",
    "region",
    "tensors",
    "unseen",
]
