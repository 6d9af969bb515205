"""Training with Optax: a step, a loop, traced norms, and what to leave out of weight decay."""

from activax.training.labels import decay_mask as decay_mask
from activax.training.labels import labels as labels
from activax.training.loop import State as State
from activax.training.loop import Step as Step
from activax.training.loop import batches as batches
from activax.training.loop import fit as fit
from activax.training.loop import init as init
from activax.training.loop import step as step
from activax.training.norms import Norms as Norms
from activax.training.norms import TracedNorms as TracedNorms
from activax.training.norms import trace_norms as trace_norms
from activax.training.norms import traced_norms as traced_norms
