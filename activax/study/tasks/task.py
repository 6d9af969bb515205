"""Tasks of a study: a network of an activation, data, and how it is trained."""

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import optax

from activax.core.activation import Activation
from activax.nn.checks import check_size
from activax.study.tasks.data import Data
from activax.study.tasks.fingerprints import digest
from activax.study.tasks.kinds import OBJECTIVES, Measure

USER_FUNCTIONS = ("network", "loss", "score", "optimizer")  # the fields that users write


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """A network to train with each activation, on the same data in the same way.

    Attributes:
        name: the name of the task, which tables show.
        network: a function from an activation to a Layer; to a pair of functions `init(key,
            example) -> params` and `apply(params, x) -> y`; or to a model of another library, as
            `activax.study.tasks.models.as_network` takes it.
        data: rows to train on, to choose the learning rate by, and to test on, as `split_data`,
            `read_data` and `read_source` return them.
        kind: "classification" (y are classes; the network returns logits), "regression", or
            "language" (y are tokens, several a row). It gives the loss and the score: the mean
            cross-entropy, and of a regression the mean squared error and its decimal logarithm.
        loss: `loss(output, y)`, the mean over a batch, in place of the loss of the kind.
        score: `score(output, y)`, of all rows of a part of the data, in place of that of the kind.
        direction: "min" where lower scores are better; "max" turns scores, so that outcomes hold
            their negatives.
        steps: the number of training steps, positive.
        batch: the rows of a step, positive; all rows to train on if there are fewer.
        optimizer: a function from a learning rate, which may be traced, to an Optax optimiser.

    Raises:
        ValueError: an unknown kind or direction, sizes that are not positive integers, or an empty
            name.
        TypeError: functions that cannot be called, or data that are no Data. In pickling, a
            function that other processes cannot find.

    Example:
        >>> from activax.study.tasks.data import split_data
        >>> from activax.study.tasks.networks import default_network
        >>> x = np.linspace(-1, 1, 100)[:, None]
        >>> data = split_data(x, x[:, 0] ** 2)
        >>> network = default_network(data, "regression")
        >>> task = activax.study.tasks.task.Task("parabola", network, data, "regression", steps=200)
        >>> task.score_name
        'log10 test MSE'
    """

    name: str
    network: Callable[[Activation[...]], Any]
    data: Data
    kind: str
    loss: Measure | None = None
    score: Measure | None = None
    direction: str = "min"
    steps: int = 600
    batch: int = 128
    optimizer: Callable[[Any], optax.GradientTransformation] = optax.adam

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("Task: name must not be empty")
        if self.kind not in OBJECTIVES:
            raise ValueError(
                f"Task: kind must be one of {', '.join(OBJECTIVES)}; got {self.kind!r}"
            )
        if self.direction not in ("min", "max"):
            raise ValueError(f"Task: direction must be 'min' or 'max'; got {self.direction!r}")
        if not isinstance(self.data, Data):
            raise TypeError(
                f"Task: data must be a Data, as split_data returns; got {type(self.data).__name__}"
            )
        for name in USER_FUNCTIONS:
            value = getattr(self, name)
            if not callable(value) and not (value is None and name in ("loss", "score")):
                raise TypeError(f"Task: {name} must be a function; got {type(value).__name__}")
        check_size("Task", "steps", self.steps)
        check_size("Task", "batch", self.batch)

    @property
    def rows_of_step(self) -> int:
        """The rows of a training step."""
        return min(self.batch, len(self.data.train[0]))

    @property
    def score_name(self) -> str:
        """The name of the score."""
        return getattr(self.score, "__name__", OBJECTIVES[self.kind].score_name)

    def fingerprint(self) -> dict[str, str]:
        """Return a digest of each part of the task, which tells what changed between two studies.

        The digests are the same in every process, and change with the source of your functions.

        Example:
            >>> from activax.study.tasks.builtin import get_task
            >>> task = get_task("sine")
            >>> import dataclasses
            >>> other = dataclasses.replace(task, steps=2000)
            >>> before, now = task.fingerprint(), other.fingerprint()
            >>> [part for part in before if now[part] != before[part]]
            ['sizes']
        """
        parts = {
            "data": vars(self.data),
            "network": self.network,
            "loss": (self.kind, self.loss, self.score, self.direction),
            "optimizer": self.optimizer,
            "sizes": (self.steps, self.batch),
        }
        return {part: digest(value) for part, value in parts.items()}

    def __getstate__(self) -> dict[str, Any]:
        for name in USER_FUNCTIONS:
            value = getattr(self, name)
            try:
                pickle.dumps(value)
            except (pickle.PicklingError, AttributeError, TypeError):
                shown = getattr(value, "__qualname__", type(value).__name__)
                raise TypeError(
                    f"Task: {name} of {self.name!r} must be a function at the top of a module, or "
                    f"a functools.partial of one, for other processes to find it; got {shown}"
                ) from None
        return vars(self)
