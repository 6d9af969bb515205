"""Training with Optax: a step, a loop, checkpoints, traced norms, and labels for weight decay."""

from activax.core import contents as _contents
from activax.training.batching import batches, global_batches
from activax.training.callbacks import Callback, early_stopping, evaluation, logger
from activax.training.checkpoints import restore, save
from activax.training.labels import decay_mask, labels
from activax.training.loop import fit
from activax.training.norms import Norms, TracedNorms, trace_norms, traced_norms
from activax.training.state import State, init
from activax.training.steps import Step, step

__all__ = [
    "Callback",
    "Norms",
    "State",
    "Step",
    "TracedNorms",
    "batches",
    "decay_mask",
    "early_stopping",
    "evaluation",
    "fit",
    "global_batches",
    "init",
    "labels",
    "logger",
    "restore",
    "save",
    "step",
    "trace_norms",
    "traced_norms",
]

__doc__ = _contents.index(
    __name__,
    __all__,
    Callback="The type of a callback of `fit`: `(state, metrics) -> further metrics, or None`.",
    Step="The type of a training step: `(state, batch) -> (state, metrics)`.",
)


def __dir__() -> list[str]:
    return __all__
