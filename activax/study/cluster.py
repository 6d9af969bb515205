"""Workers of a study as jobs of a cluster."""

from pathlib import Path
from typing import Any

from activax.study.runs import join, read_setup


def submit(
    folder: str | Path,
    count: int,
    *,
    url: str | None = None,
    cluster: str | None = None,
    **parameters: Any,
) -> list[Any]:
    """Submit workers of a study that exists: one array of jobs, which may start at any time.

    A job that ends early frees its cell, and the others run it. Submit more jobs to go on.

    Args:
        folder: the folder of the study, on a file system that the jobs see.
        count: the number of jobs, positive.
        url: a PostgreSQL database that holds the outcomes, where the file system has no flock.
        cluster: "slurm", "local" or "debug", as submitit knows them; None for what is there.
        **parameters: of submitit's executor, as timeout_min=60 or slurm_partition="gpu".

    Returns:
        The jobs of submitit, whose `result()` is the number of cells that ended in a job.

    Raises:
        ValueError: no jobs, or a folder without a study.
        ModuleNotFoundError: submitit is not there.
    """
    import submitit

    if count < 1:
        raise ValueError(f"study.submit: count must be positive; got {count}")
    read_setup(folder)
    path = Path(folder).resolve()
    executor = submitit.AutoExecutor(path / "jobs", cluster=cluster)
    executor.update_parameters(name="activax-study", **parameters)
    with executor.batch():
        return [executor.submit(join, path, url=url) for _ in range(count)]
