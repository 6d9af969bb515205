"""The store of a study: an Optuna study whose trials are cells, each run by one worker.

No trial waits in a queue. A claim asks which cells the study needs, given the outcomes so far, and
begins the first of them that is neither finished nor running. So a worker that is killed between
any two steps leaves at most a running cell that nobody leases.
"""

import contextlib
import dataclasses
import enum
import json
import math
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, Final, Self

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.trial import FrozenTrial, TrialState

from activax.study.cells import Cell, Outcome
from activax.study.plan import Outcomes
from activax.study.workers.headers import check_header, header_changes
from activax.study.workers.journal import Journal
from activax.study.workers.leases import FolderLeases, Lease, Leases

JOURNAL = "journal.log"
ENDED = (TrialState.COMPLETE, TrialState.FAIL)


class Wait(enum.Enum):
    """The answer to a claim while other workers run the cells that are left."""

    WAIT = enum.auto()


WAIT: Final = Wait.WAIT


@dataclasses.dataclass(frozen=True)
class Claim:
    """A cell that this process alone runs, until the end of the context.

    Attributes:
        cell: the cell.
        trial: its trial in the Optuna study.
        lease: what tells the other workers that this process lives.
    """

    cell: Cell
    trial: optuna.Trial
    lease: Lease

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.lease.close()


class Store:
    """The cells of a study and their outcomes. A store serves one thread; workers have their own.

    `Store.create` and `Store.open` return one.

    Attributes:
        header: JSON that tells this study from others, and says where it was begun.

    Example:
        >>> import tempfile
        >>> cell = Cell("sine", "relu", 0.1, first=0, count=2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store.create(folder, {"plan": {"seeds": 2}})
        ...     with store.claim(lambda outcomes: [cell]) as claim:
        ...         done = store.finish(claim, Outcome(score=(0.5, 0.25)))
        ...     Store.open(folder).outcomes()[cell].score
        (0.5, 0.25)
    """

    def __init__(self, study: optuna.Study, leases: Leases, journal: Journal | None) -> None:
        facts = study.user_attrs
        self.header: dict[str, Any] = facts["header"]
        self._retried: int = facts.get("retried", 0)  # failures of earlier trials are forgotten
        self._study = study
        self._leases = leases
        self._journal = journal
        self._read: set[int] = set()  # numbers of trials that have ended
        self._outcomes: dict[Cell, Outcome] = {}  # of these trials
        self._needed: Iterator[Cell] = iter(())

    @classmethod
    def create(
        cls, folder: str | Path, header: dict[str, Any], *, url: str | None = None,
        force: bool = False,
    ) -> Self:  # fmt: skip
        """Make a study, or open it again.

        Args:
            folder: the folder of the study, which is made if there is none.
            header: JSON, which `check_header` compares with that of the study.
            url: a PostgreSQL database that holds the study in place of the folder's journal; the
                study has the name of the folder there.
            force: whether a header that differs replaces that of the study, whose outcomes stay.

        Raises:
            ValueError: the header differs, or `url` is not that of a PostgreSQL database.
            OSError: the folder cannot be written, or the database cannot be reached.
        """
        folder = Path(folder).absolute()  # whatever the network does to the working directory
        folder.mkdir(parents=True, exist_ok=True)
        name, leases = _locks(folder, url)
        with leases.lock(), _quietly():
            storage, journal = _storage(folder, url)
            study = optuna.create_study(study_name=name, storage=storage, load_if_exists=True)
            header = json.loads(json.dumps(header))
            begun = study.user_attrs.get("header")
            if begun and not force:
                check_header(folder, begun, header)
            if not begun or header_changes(begun, header):
                study.set_user_attr("header", header)
        return cls(study, leases, journal)

    @classmethod
    def open(cls, folder: str | Path, *, url: str | None = None) -> Self:
        """Open a study that exists.

        Args:
            folder: the folder of the study.
            url: the database that holds the study in place of the folder's journal.

        Raises:
            ValueError: there is no study, or `url` is not that of a PostgreSQL database.
            OSError: the folder cannot be read, or the database cannot be reached.
        """
        folder = Path(folder).absolute()
        name, leases = _locks(folder, url)
        study = None
        if url or (folder / JOURNAL).exists():
            # A journal is read without its lock, so that the folder may be read-only.
            with leases.lock() if url else contextlib.nullcontext(), contextlib.suppress(KeyError):
                storage, journal = _storage(folder, url)
                study = optuna.load_study(study_name=name, storage=storage)
        if study is None or "header" not in study.user_attrs:
            place = f"the database has no study {name!r}" if url else f"no study in {str(folder)!r}"
            raise ValueError(f"study: {place}. Begin it first, or say which database holds it")
        return cls(study, leases, journal)

    def outcomes(self) -> dict[Cell, Outcome]:
        """Return the outcomes of the cells that have finished or failed."""
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state in ENDED and trial.number not in self._read:
                self._read.add(trial.number)
                outcome = _outcome(trial)
                if outcome and (outcome.error is None or trial.number >= self._retried):
                    self._outcomes[_cell(trial)] = outcome
        return dict(self._outcomes)

    def running(self) -> list[Cell]:
        """Return the cells that live workers run."""
        with self._leases.lock():
            held = self._leases.held()
        trials = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [_cell(trial) for trial in trials if trial.number in held]

    def retry_failed(self) -> None:
        """Forget the cells that have failed so far, so that workers run them again.

        Raises:
            OSError: the store cannot be written.
        """
        with self._leases.lock():
            self._retried = len(self._study.get_trials(deepcopy=False))
            self._study.set_user_attr("retried", self._retried)
        self._outcomes = {c: outcome for c, outcome in self.outcomes().items() if not outcome.error}

    def claim(self, needed: Callable[[Outcomes], list[Cell]]) -> Claim | Wait | None:
        """Claim a cell that is neither finished nor running; that of a dead worker is free again.

        Args:
            needed: names the cells that the study needs, given the outcomes so far. It is asked
                again when all cells that it named are taken; more outcomes never take a cell away.

        Returns:
            The claim; WAIT while others run all cells that are left; None if none is left.

        Raises:
            OSError: the store cannot be written.
        """
        with self._leases.lock():
            running, outcomes = self._end_dead(), self.outcomes()
            cell = self._first(running, outcomes)
            if cell is None:
                cells = needed(outcomes)
                self._needed = iter(cells)
                cell = self._first(running, outcomes)
                if cell is None:
                    return WAIT if any(other not in outcomes for other in cells) else None
            trial = self._study.ask()
            trial.set_user_attr("cell", dataclasses.asdict(cell))
            return Claim(cell, trial, self._leases.take(trial.number))

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """Store the outcome of a cell. One with an error ends a failed cell, which is not retried.

        Returns:
            Whether it was stored. A connection to a database that breaks loses the claim; then
            another worker runs the cell.

        Raises:
            OSError: the store cannot be written; the cell is run again.
        """
        text = json.dumps(vars(outcome))
        with self._leases.lock():
            try:
                claim.trial.set_user_attr("outcome", text)
            except optuna.exceptions.UpdateFinishedTrialError:
                return False
            self._end(claim.trial.number, outcome)
            if self._journal:
                self._journal.sync()
        return True

    def _end_dead(self) -> set[Cell]:
        """End the trials whose workers have died, and return the cells that others run."""
        held, running = self._leases.held(), set[Cell]()
        for trial in self._study.get_trials(deepcopy=False):
            if trial.number in held:
                running.add(_cell(trial))
            elif trial.state is TrialState.RUNNING:
                self._end(trial.number, _outcome(trial))
        return running

    def _first(self, running: Container[Cell], outcomes: Container[Cell]) -> Cell | None:
        """Return the first needed cell that is not taken, and drop those before it."""
        free = (cell for cell in self._needed if cell not in outcomes and cell not in running)
        return next(free, None)

    def _end(self, number: int, outcome: Outcome | None) -> None:
        """End a trial: the mean score is its value, for the tools of Optuna."""
        if outcome is None or outcome.error is not None:
            self._study.tell(number, state=TrialState.FAIL)
            return
        mean = sum(outcome.score) / max(len(outcome.score), 1)
        self._study.tell(number, math.inf if math.isnan(mean) else mean)


def _locks(folder: Path, url: str | None) -> tuple[str, Leases]:
    """Return the name of the study in its storage, and its locks."""
    if url is None:
        return "study", FolderLeases(folder)
    from activax.study.workers.server_leases import ServerLeases

    name = folder.resolve().name
    return name, ServerLeases(url, name)


def _storage(folder: Path, url: str | None) -> tuple[BaseStorage, Journal | None]:
    if url is None:
        journal = Journal(folder / JOURNAL)
        return JournalStorage(journal), journal
    from sqlalchemy import NullPool

    return RDBStorage(url, engine_kwargs={"poolclass": NullPool}), None  # idle connections break


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Let Optuna say nothing of a new study."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)


def _cell(trial: FrozenTrial) -> Cell:
    return Cell(**trial.user_attrs["cell"])


def _outcome(trial: FrozenTrial) -> Outcome | None:
    """Return the outcome in a trial; None if its worker died before."""
    text = trial.user_attrs.get("outcome")
    return None if text is None else Outcome.of_json(json.loads(text))
