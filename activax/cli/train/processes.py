"""The option --distributed: several processes train the seeds, and the first one reports."""

import argparse

import jax

from activax.cli.arguments import positive
from activax.cli.errors import UsageError

NAMES = ("coordinator", "processes", "process")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("several processes").add_argument
    add("--distributed", action="store_true",
        help="share the seeds with the other processes of the cluster that JAX finds, such as "
        "those of Slurm or MPI; or of these three")  # fmt: skip
    add("--coordinator", metavar="HOST:PORT", help="where process 0 listens")
    add("--processes", type=positive, metavar="N", help="the number of processes")
    add("--process", type=int, metavar="I", help="the number of this one, from 0")


def join_processes(arguments: argparse.Namespace) -> None:
    """Join the other processes, if there are any.

    Raises:
        UsageError: arguments that do not fit each other, or no cluster.
    """
    given = [getattr(arguments, name) for name in NAMES]
    if not arguments.distributed:
        if given != [None] * len(NAMES):
            raise UsageError(f"train: {_listed()} are for --distributed; give that, too")
        return
    if arguments.diagnose:
        raise UsageError("train: --diagnose is for one process; leave out --distributed")
    if None in given and given != [None] * len(NAMES):
        raise UsageError(f"train: --distributed needs all of {_listed()}, or none of them")
    if None not in given and not 0 <= arguments.process < arguments.processes:
        raise UsageError(
            f"train: --process must be from 0 to {arguments.processes - 1}; got {arguments.process}"
        )
    try:
        jax.distributed.initialize(*given)
    except ValueError as error:  # of a missing value that no cluster has
        raise UsageError(
            f"train: --distributed finds no cluster: {error} Give {_listed()}."
        ) from None


def reports() -> bool:
    """Return whether this process prints and writes: all know the results, and the first does."""
    return jax.process_index() == 0


def _listed() -> str:
    return ", ".join(f"--{name}" for name in NAMES)
