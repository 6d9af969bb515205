"""Workers that are killed, stopped, and left without room on the disk, in processes of their own.

Run as `python kills.py FOLDER NAMES [URL]`, where NAMES are scenes with commas between; it prints
what happened in each as JSON. The processes are forks of this one, which has imported everything.
"""

import collections
import itertools
import json
import os
import pathlib
import random
import resource
import signal
import sys
import time
import warnings

from optuna.trial import TrialState

from activax.study.cells import Cell, Outcome
from activax.study.workers import worker
from activax.study.workers.journal import Journal
from activax.study.workers.leases import FolderLeases
from activax.study.workers.store import JOURNAL, WAIT, Store

warnings.simplefilter("ignore", RuntimeWarning)  # JAX warns of forks; it is not used here
worker.POLL_S = 0.01
HEADER = {"plan": "kills"}


def cells(count):
    return [Cell("task", f"activation {i}", 0.1, first=0, count=3) for i in range(count)]


def score(cell):
    return Outcome(score=(float(cell.activation.split()[1]), float("nan")))


def fork(function, *arguments):
    """Return the process that runs a function."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        function(*arguments)
        code = 0
    finally:
        os._exit(code)


def ended(process):
    """Wait for a process; return its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def run(folder, count, seconds=0.0, url=None):
    """Work on a study, and write down each cell that begins."""

    def execute(cell):
        with (folder / "begun").open("a") as file:
            file.write(f"{cell.activation}\n")
        time.sleep(random.uniform(0, seconds))
        return score(cell)

    random.seed(os.getpid())
    every = cells(count)

    def needed(outcomes):
        """Need the second half when the first half has ended."""
        first = every[: count // 2]
        return every if all(cell in outcomes for cell in first) else first

    worker.work(Store.open(folder, url=url), needed, execute)


def account(folder, count, url=None):
    """Return how the trials of a study have ended, and whether all outcomes are right."""
    store = Store.open(folder, url=url)
    complete = collections.Counter(
        trial.user_attrs["cell"]["activation"]
        for trial in store._study.trials
        if trial.state is TrialState.COMPLETE
    )
    states = {trial.state for trial in store._study.trials}
    return {
        "complete": sorted(complete.values()),
        "open": len(states - {TrialState.COMPLETE, TrialState.FAIL}),
        "right": sorted(store.outcomes()) == sorted(cells(count))
        and all(repr(found) == repr(score(cell)) for cell, found in store.outcomes().items()),
        "begun": len((folder / "begun").read_text().splitlines()),
    }


def storm(folder, url=None, *, workers, kills, count, seconds=0.02):
    """Kill workers at random times, and start others in their place."""
    Store.create(folder, HEADER, url=url)

    def start():
        return fork(run, folder, count, seconds, url)

    living, killed, random_times = [start() for _ in range(workers)], 0, random.Random(kills)
    while killed < kills:
        time.sleep(random_times.uniform(0, 2 * count * seconds / 3 / kills))
        victim = living.pop(random_times.randrange(workers))
        os.kill(victim, signal.SIGKILL)
        killed += ended(victim) == -signal.SIGKILL
        living.append(start())
    codes = [ended(process) for process in living]
    return {"codes": codes, "killed": killed, **account(folder, count, url)}


def steps(folder, url=None):
    """Kill a worker before, in the middle of and after each write, lease and look at leases.

    It finds a cell whose worker has died already.
    """
    found, code = [], None
    while code != 0:
        one = folder / str(len(found))
        Store.create(one, HEADER)
        ended(fork(claim_and_die, one))
        code = ended(fork(run_killed, one, len(found)))
        run(one, 2)
        found.append({"code": code, **account(one, 2)})
    return found


def claim_and_die(folder):
    Store.open(folder).claim(lambda outcomes: cells(2))
    os.kill(os.getpid(), signal.SIGKILL)


def run_killed(folder, step):
    """Run a cell in a process that is killed at a step."""
    steps_left = itertools.count(step, -1)

    def at_step():
        return next(steps_left) == 0

    def kill():
        os.kill(os.getpid(), signal.SIGKILL)

    def around(function):
        def wrapped(*arguments):
            if at_step():
                kill()
            result = function(*arguments)
            if at_step():
                kill()
            return result

        return wrapped

    def torn(self, logs, append=Journal.append_logs):
        if at_step():
            with (folder / JOURNAL).open("a") as file:
                file.write(json.dumps(logs[0])[:30])
            kill()
        append(self, logs)

    Journal.append_logs = around(torn)
    Journal.sync = around(Journal.sync)
    FolderLeases.take = around(FolderLeases.take)
    FolderLeases.held = around(FolderLeases.held)
    run(folder, 2)


def stop(folder, url=None):
    """Stop a worker in the middle of a cell, and ask for its cell meanwhile."""
    store = Store.create(folder, HEADER, url=url)
    process = fork(run, folder, 1, 0.5, url)
    while not (folder / "begun").exists():
        time.sleep(0.01)
    os.kill(process, signal.SIGSTOP)
    answers = set()
    for _ in range(8):
        time.sleep(0.1)
        answers.add(store.claim(lambda outcomes: cells(1)) is WAIT)
    os.kill(process, signal.SIGCONT)
    code = ended(process)
    return {"waited": answers == {True}, "codes": [code], **account(folder, 1, url)}


def full(folder, url=None):
    """Let files grow by a few bytes alone, as a full disk does; then make room."""
    Store.create(folder, HEADER)
    run(folder, 4)
    before = len(Store.open(folder).outcomes())
    found = []
    for room in range(0, 600, 30):
        found.append(ended(fork(run_without_room, folder, room)))
    run(folder, 40)
    messages = (folder / "messages").read_text().splitlines()
    return {"before": before, "codes": found, "messages": messages, **account(folder, 40)}


def run_without_room(folder, room):
    """Run cells until the journal has grown by some bytes."""
    size = (folder / JOURNAL).stat().st_size + room
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        run(folder, 40)
    except OSError as error:
        (folder / "messages").open("a").write(f"{error}\n")
        os._exit(3)


SCENES = {
    "storm": lambda *place: storm(*place, workers=2, kills=6, count=60),
    "long_storm": lambda *place: storm(*place, workers=3, kills=20, count=200),
    "steps": steps,
    "stop": stop,
    "full": full,
}


def main(folder, names, *url):
    found = {}
    for name in names.split(","):
        place = pathlib.Path(folder, name)
        place.mkdir()
        found[name] = SCENES[name](place, *url)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
