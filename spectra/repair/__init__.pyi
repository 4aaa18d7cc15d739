from ._aim import Aim, Goal, find_aim
from ._balance import balance
from ._cure import Cure, Reading, judge_cure
from ._fault import Fault, find_fault
from ._fidelity import difference
from ._filtered import Filtered, find_layer
from ._judge import judge, split
from ._judgement import Judgement
from ._offer import Offer
from ._repair import repair
from ._spin import Shifts, Spun, spun
from ._trainable import find_layers, has_weights
from ._training import Budget, Trained, train
from ._views import Views, views

__all__ = [
    "Aim",
    "Budget",
    "Cure",
    "Fault",
    "Filtered",
    "Goal",
    "Judgement",
    "Offer",
    "Reading",
    "Shifts",
    "Spun",
    "Trained",
    "Views",
    "balance",
    "difference",
    "find_aim",
    "find_fault",
    "find_layer",
    "find_layers",
    "has_weights",
    "judge",
    "judge_cure",
    "repair",
    "split",
    "spun",
    "train",
    "views",
]
