"""Training with Optax: a step, a loop, traced norms, and labels for weight decay."""

from activax.core import contents as _contents
from activax.training.labels import decay_mask, labels
from activax.training.loop import State, Step, batches, fit, init, step
from activax.training.norms import Norms, TracedNorms, trace_norms, traced_norms

__all__ = [
    "Norms",
    "State",
    "Step",
    "TracedNorms",
    "batches",
    "decay_mask",
    "fit",
    "init",
    "labels",
    "step",
    "trace_norms",
    "traced_norms",
]

__doc__ = _contents.index(
    __name__, __all__, Step="The type of a training step: `(state, batch) -> (state, metrics)`."
)


def __dir__() -> list[str]:
    return __all__
