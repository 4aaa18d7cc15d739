from ._checkpoints import map_in
from ._crew import Crew
from ._job import Job
from ._open import check_cluster, hire
from ._parts import measure_parts
from ._pictures import look_at_pictures

__all__ = [
    "Crew",
    "Job",
    "check_cluster",
    "hire",
    "look_at_pictures",
    "map_in",
    "measure_parts",
]
