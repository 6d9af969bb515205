"""Metrics of the steps of a training, fetched while later steps run."""

import contextlib
from typing import Any

import jax
import numpy as np

from activax.training.state import Metrics

RUN_AHEAD = 8  # steps that are dispatched before the oldest has ended: enough to keep a device busy


class History:
    """The metrics of all steps so far, and what callbacks added."""

    def __init__(self) -> None:
        self.rows: list[Metrics] = []
        self.added: list[Metrics] = []
        self._fetched = 0

    def append(self, metrics: Metrics) -> None:
        """Add the metrics of a step, and wait for those of the step RUN_AHEAD before."""
        self.rows.append(metrics)
        self.fetch(RUN_AHEAD)

    def fetch(self, running: int = 0) -> None:
        """Wait for all steps but the last `running`."""
        while self._fetched < len(self.rows) - running:
            self.rows[self._fetched] = jax.device_get(self.rows[self._fetched])
            self._fetched += 1  # an interrupt before this line fetches the row once more

    def arrays(self) -> dict[str, np.ndarray]:
        """Return an array for each metric, with one row a step; one a call of what was added."""
        self.fetch()
        names = dict.fromkeys(name for row in self.added for name in row)
        added = {n: np.stack([row[n] for row in self.added if n in row]) for n in names}
        steps = jax.tree.map(lambda *values: np.stack(values), *self.rows) if self.rows else {}
        return {**steps, **added}

    def give_to(self, error: BaseException, state: Any) -> None:
        """Let an exception carry what was reached before it: `state`, and `history`.

        The state is left out if its memory went to a step that failed.
        """
        if not self.rows:
            return
        with contextlib.suppress(Exception):  # a step that failed has no metrics, as `error` says
            self.fetch()
        del self.rows[self._fetched :]
        found: dict[str, Any] = {"history": self.arrays()}
        if not any(getattr(leaf, "is_deleted", bool)() for leaf in jax.tree.leaves(state)):
            found["state"] = state
        vars(error).update(found)
        error.add_note(
            f"fit: {len(self.rows)} steps were taken before; this exception has their "
            f"{' and '.join(f'.{name}' for name in found)}"
        )
