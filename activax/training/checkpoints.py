"""Checkpoints of a training, written and read by Orbax."""

import os
from types import TracebackType
from typing import Any, Self, TypeVar

import jax
import jax.numpy as jnp

from activax.nn.trees import by_path
from activax.training.state import State

Like = TypeVar("Like")


def save(path: str | os.PathLike[str], state: State, *, keep: int | None = None) -> None:
    """Write a state as the checkpoint of its step.

    A checkpoint is complete or not there: Orbax writes it beside and renames it. With several
    processes all of them call this function, and the path leads to a file system that they share.

    Args:
        path: the directory of checkpoints; each is a directory in it, named by its step.
        state: the state; arrays may be sharded over processes.
        keep: the number of checkpoints to keep; older ones are deleted. None keeps all.

    Raises:
        ModuleNotFoundError: Orbax is not installed.
        FileExistsError: a checkpoint of this step is there.
        OSError: a checkpoint that could not be written, on a full disk for one; those before it
            stay.

    Example:
        >>> import optax, tempfile
        >>> state = activax.training.init({"w": jnp.ones(2)}, optax.sgd(0.1), jax.random.key(0))
        >>> with tempfile.TemporaryDirectory() as path:
        ...     activax.training.save(path, state)
        ...     activax.training.restore(path, state).params
        {'w': Array([1., 1.], dtype=float32)}
    """
    with Checkpoints("save", path, keep) as checkpoints:
        if int(state.step) in checkpoints.steps():
            raise FileExistsError(
                f"save: path must have no checkpoint of the step of the state, {state.step}; "
                f"{checkpoints.path} has one"
            )
        checkpoints.save(state)


def restore(path: str | os.PathLike[str], like: Like, *, step: int | None = None) -> Like:
    """Read a checkpoint onto the devices of another state.

    The mesh and the number of processes may differ from those that wrote the checkpoint.

    Args:
        path: the directory of checkpoints that `save` or `fit` wrote.
        like: a state of the same structure, shapes and dtypes, such as the one before the first
            step; or `jax.ShapeDtypeStruct`s in place of its arrays. The arrays read get the
            shardings of its arrays.
        step: the step of the checkpoint; by default the newest.

    Raises:
        ModuleNotFoundError: Orbax is not installed.
        FileNotFoundError: a directory without the checkpoint.
        ValueError: a checkpoint of other arrays than those of `like`.

    Example:
        >>> import optax, tempfile
        >>> state = activax.training.init({"w": jnp.ones(2)}, optax.sgd(0.1), jax.random.key(0))
        >>> with tempfile.TemporaryDirectory() as path:
        ...     activax.training.save(path, state)
        ...     planned = jax.eval_shape(lambda: state)
        ...     activax.training.restore(path, planned).params["w"]
        Array([1., 1.], dtype=float32)
    """
    with Checkpoints("restore", path, None, writes=False) as checkpoints:
        return checkpoints.restore(like, step)


class Checkpoints:
    """A directory of checkpoints, of which each is written while training goes on.

    Args:
        where: the public function that messages name.
        path: the directory.
        keep: the number of checkpoints to keep, or None.
        writes: whether the directory is made if it is missing, and cleared of what a process left
            that was killed while it wrote.
    """

    def __init__(
        self, where: str, path: str | os.PathLike[str], keep: int | None, *, writes: bool = True
    ) -> None:
        try:
            import orbax.checkpoint as orbax
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{where}: checkpoints need Orbax; install it with pip install "
                "'activax[checkpoint]'",
                name=error.name,
            ) from None
        self._where, self._args = where, orbax.args
        text = os.fspath(path)
        self.path = text if "://" in text else os.path.abspath(text)  # Orbax knows gs://, s3://
        options = orbax.CheckpointManagerOptions(
            max_to_keep=keep, create=writes, cleanup_tmp_directories=writes
        )
        self._manager = orbax.CheckpointManager(
            self.path, options=options, item_handlers=orbax.StandardCheckpointHandler()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.wait()
        if kind is None or jax.process_count() == 1:  # a lost process would be waited for
            self._manager.close()

    def steps(self) -> list[int]:
        """Return the steps of the complete checkpoints, in order."""
        return sorted(self._manager.all_steps())

    def newer(self, state: State) -> State:
        """Return the newest checkpoint, or the state itself if no checkpoint is of a later step."""
        later = [step for step in self.steps() if step > int(state.step)]
        return self.restore(state, later[-1]) if later else state

    def save(self, state: State, metrics: object = None) -> None:
        """Copy the state from the devices and begin to write it, unless its step is there."""
        number = int(state.step)
        if number not in self.steps():
            arrays = {path: jnp.asarray(leaf) for path, leaf in by_path(state).items()}
            self._written(lambda: self._manager.save(number, args=self._args.StandardSave(arrays)))

    def wait(self) -> None:
        """Wait until the latest checkpoint is complete."""
        self._written(self._manager.wait_until_finished)

    def _written(self, write: Any) -> None:
        try:
            write()
        except Exception as error:  # of Orbax, TensorStore or the file system
            raise OSError(
                f"{self._where}: a checkpoint could not be written to {self.path}: {error}; the "
                f"complete ones are of steps {self.steps()}"
            ) from error

    def restore(self, like: Like, step: int | None = None) -> Like:
        """Return a checkpoint as a tree of the structure and shardings of `like`."""
        steps = self.steps()
        if not steps or (step is not None and step not in steps):
            wanted = "a checkpoint" if step is None else f"a checkpoint of step {step}"
            raise FileNotFoundError(
                f"{self._where}: path must have {wanted}; {self.path} has steps {steps}"
            )
        number = steps[-1] if step is None else step
        planned = {path: _planned(leaf) for path, leaf in by_path(like).items()}
        self._check_same(number, planned)
        found = self._manager.restore(number, args=self._args.StandardRestore(planned))
        return jax.tree.unflatten(jax.tree.structure(like), [found[path] for path in planned])

    def _check_same(self, number: int, planned: dict[str, Any]) -> None:
        saved = self._manager.item_metadata(number).tree
        facts = [{path: _facts(leaf) for path, leaf in tree.items()} for tree in (saved, planned)]
        for path in sorted(facts[0].keys() | facts[1].keys()):
            there, here = (fact.get(path, "nothing") for fact in facts)
            if there != here:
                raise ValueError(
                    f"{self._where}: like must have the arrays of the checkpoint; step {number} of "
                    f"{self.path} has {there} at {path!r}, and like has {here}"
                )


def _planned(leaf: Any) -> jax.ShapeDtypeStruct:
    sharding = getattr(leaf, "sharding", None) or jnp.zeros(()).sharding
    return jax.ShapeDtypeStruct(jnp.shape(leaf), jnp.result_type(leaf), sharding=sharding)


def _facts(leaf: Any) -> str:
    """Return shape and dtype, of the numbers of a key as Orbax stores it."""
    if isinstance(leaf, jax.ShapeDtypeStruct) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.eval_shape(jax.random.key_data, leaf)
    return f"{leaf.dtype}{list(leaf.shape)}"
