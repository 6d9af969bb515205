"""The store of a study: claims, outcomes, headers, torn journals, messages."""

import math
import pathlib
import struct

import optuna
import postgresql
import pytest

from activax.study.cells import Cell, Outcome
from activax.study.workers import leases, worker
from activax.study.workers.headers import header_changes
from activax.study.workers.store import JOURNAL, WAIT, Store
from activax.study.workers.worker import work

HEADER = {"plan": {"seeds": 10, "rates": (0.1, 0.3)}, "versions": {"jax": "1"}, "command": "begun"}
CELLS = [Cell("sine", name, 0.1 + 0.2, first=3, count=2) for name in ("relu", "gelu", "silu")]


@pytest.fixture(scope="module")
def database():
    with postgresql.server() as url:
        yield url


@pytest.fixture(params=["journal", "postgresql"])
def url(request):
    return request.getfixturevalue("database") if request.param == "postgresql" else None


def needed(outcomes):
    """Need two cells, and the third one when the two have ended."""
    return CELLS if all(cell in outcomes for cell in CELLS[:2]) else CELLS[:2]


def score(cell):
    return Outcome(score=(float(CELLS.index(cell)), math.pi), select=(1.0, 2.0))


def bits(row):
    return struct.pack(f"{len(row)}d", *row)


@pytest.mark.thorough
def test_the_cells_of_a_study_are_run_once_each(tmp_path, url):
    store, run = Store.create(tmp_path, HEADER, url=url), []
    assert work(store, needed, score, on_end=lambda cell, outcome: run.append(cell)) == 3
    assert run == CELLS
    again = Store.open(tmp_path, url=url)
    assert again.outcomes() == {cell: score(cell) for cell in CELLS}
    assert work(again, needed, score) == 0


def test_outcomes_come_back_to_the_last_bit(tmp_path, url):
    row = (0.1 + 0.2, math.inf, -math.inf, math.nan, 5e-324, -0.0)
    outcome = Outcome(row, row[::-1], {"curve": [[1 / 3, math.nan]], "dead": None, "step_s": 2})
    work(Store.create(tmp_path, HEADER, url=url), lambda _: CELLS[:1], lambda _: outcome)
    (found,) = Store.open(tmp_path, url=url).outcomes().values()
    assert isinstance(found.score, tuple)
    assert bits(found.score) == bits(row)
    assert bits(found.select) == bits(row[::-1])
    assert repr(found.facts) == repr(outcome.facts)


@pytest.mark.thorough
def test_a_claim_is_for_one_worker(tmp_path, url):
    one, other = Store.create(tmp_path, HEADER, url=url), Store.open(tmp_path, url=url)
    with one.claim(needed) as first, other.claim(needed) as second:
        assert [first.cell, second.cell] == CELLS[:2]
        assert one.claim(needed) is WAIT
        assert other.running() == CELLS[:2]
        assert one.finish(first, score(first.cell))
        assert one.claim(needed) is WAIT  # the third cell waits for the second
        assert other.finish(second, score(second.cell))
    with one.claim(needed) as third:
        assert other.running() == CELLS[2:]
        assert one.finish(third, score(third.cell))
    assert one.claim(needed) is other.claim(needed) is None
    assert one.running() == []


def test_a_claim_that_ends_without_an_outcome_is_free_again(tmp_path, url):
    one, other = Store.create(tmp_path, HEADER, url=url), Store.open(tmp_path, url=url)
    with one.claim(needed) as lost:
        pass
    with other.claim(needed) as claim:
        assert claim.cell == lost.cell
        assert not one.finish(lost, Outcome(error="too late"))
        assert other.finish(claim, score(claim.cell))
    assert other.outcomes() == {claim.cell: score(claim.cell)}


@pytest.mark.thorough
def test_a_connection_that_breaks_runs_no_cell_into_the_store_twice(tmp_path, database):
    """The first worker has lost its claim; the outcome of the one that took over stands."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(database, poolclass=sqlalchemy.NullPool)
    one, taken = Store.create(tmp_path, HEADER, url=database), Outcome(score=(9.0,))

    def run(cell):
        with engine.connect() as connection:
            connection.execute(
                sqlalchemy.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid != pg_backend_pid()"
                )
            )
        assert work(Store.open(tmp_path, url=database), needed, lambda cell: taken) == 3
        return score(cell)

    assert work(one, needed, run) == 0
    assert one.outcomes() == dict.fromkeys(CELLS, taken)


def test_an_interrupt_frees_the_cell(tmp_path):
    store = Store.create(tmp_path, HEADER)
    with pytest.raises(KeyboardInterrupt):
        work(store, needed, _interrupt)
    assert store.running() == []
    assert work(Store.open(tmp_path), needed, score) == 3


@pytest.mark.thorough
def test_a_cell_that_raises_has_failed_and_is_run_again_when_asked(tmp_path, url):
    def broken(cell):
        raise RuntimeError("no such layer") if cell == CELLS[0] else ZeroDivisionError

    store = Store.create(tmp_path, HEADER, url=url)
    assert work(store, needed, broken) == 3
    assert store.outcomes()[CELLS[0]] == Outcome(error="RuntimeError: no such layer")
    assert store.outcomes()[CELLS[1]].error == "ZeroDivisionError"
    assert work(Store.open(tmp_path, url=url), needed, score) == 0
    store.retry_failed()
    for one in (store, Store.open(tmp_path, url=url)):
        assert one.outcomes() == {}
    assert work(store, needed, score) == 3
    assert Store.open(tmp_path, url=url).outcomes() == {cell: score(cell) for cell in CELLS}


def test_a_worker_waits_for_the_cells_of_others(tmp_path, monkeypatch):
    """The cell of the other worker is run here when the other one gives it up."""
    one, other = Store.create(tmp_path, HEADER), Store.open(tmp_path)
    claim, naps = other.claim(needed), []

    def nap(seconds):
        naps.append(seconds)
        claim.lease.close()

    monkeypatch.setattr(worker.time, "sleep", nap)
    assert work(one, needed, score) == 3
    assert naps == [worker.POLL_S]


def test_needed_cells_are_asked_for_when_those_known_are_taken(tmp_path):
    """A plan of hundreds of activations takes longer to ask than a claim may take."""
    asked = []

    def counted(outcomes):
        asked.append(len(outcomes))
        return needed(outcomes)

    work(Store.create(tmp_path, HEADER), counted, score)
    assert asked == [0, 2, 3]


@pytest.mark.parametrize("torn", range(1, 200, 9))
def test_a_torn_journal_is_cut(tmp_path, torn):
    """An outcome that is in the journal is not lost; a cell whose outcome is cut is run again."""
    work(Store.create(tmp_path, HEADER), lambda _: CELLS[:2], score)
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-torn])
    assert CELLS[0] in Store.open(tmp_path).outcomes()
    run = []
    work(Store.open(tmp_path), needed, score, on_end=lambda cell, outcome: run.append(cell))
    assert run in (CELLS[2:], CELLS[1:])
    assert Store.open(tmp_path).outcomes() == {cell: score(cell) for cell in CELLS}


def test_the_tools_of_optuna_read_the_journal(tmp_path):
    """The mean score is the value of a trial; a network that failed makes it infinite."""
    rows = dict(zip(CELLS, [(1.0, 2.0), (1.0, math.nan), ()], strict=True))
    outcomes = {cell: Outcome(score=row) for cell, row in rows.items()}
    work(Store.create(tmp_path, HEADER), lambda _: CELLS, outcomes.__getitem__)
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / JOURNAL))
    study = optuna.load_study(study_name=None, storage=optuna.storages.JournalStorage(backend))
    assert [trial.value for trial in study.trials] == [1.5, math.inf, 0.0]
    assert not [*tmp_path.glob("leases/*")]


def test_a_folder_holds_one_study(tmp_path, url):
    Store.create(tmp_path, HEADER, url=url)
    other = {**HEADER, "plan": {"seeds": 20, "rates": [0.1, 1.0]}, "command": "other"}
    with pytest.raises(ValueError, match=r"holds a study of something else: plan.seeds: 10 -> 20; "
                       r"plan.rates: 0.3 -> 1.0. Give another folder, or .*--force"):  # fmt: skip
        Store.create(tmp_path, other, url=url)
    assert Store.create(tmp_path, {**HEADER, "command": "again"}, url=url).header == {
        **HEADER, "plan": {"seeds": 10, "rates": [0.1, 0.3]},
    }  # fmt: skip
    assert Store.create(tmp_path, other, url=url, force=True).header == other
    assert Store.open(tmp_path, url=url).header == other


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ([1, 2], [2, 1], "plan: 1, 2 -> 2, 1"),
        ({"a": 1}, {}, "plan.a: 1 -> none"),
        (None, {"a": {"b": "c"}}, 'plan: none -> {"a": {"b": "c"}}'),
        ("x" * 100, "y", f'plan: "{"x" * 76}... -> "y"'),
    ],
)
def test_changes_of_a_header_are_named(old, new, text):
    assert header_changes({"plan": old}, {"plan": new}) == [text]
    assert header_changes({"plan": old}, {"plan": old, "machine": "other"}) == []


def test_a_study_whose_beginning_was_killed_is_begun_again(tmp_path, monkeypatch):
    """The journal is there, and the header is not."""
    with monkeypatch.context() as killed:
        killed.setattr(optuna.Study, "set_user_attr", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            Store.create(tmp_path, HEADER)
    with pytest.raises(ValueError, match="study: no study in"):
        Store.open(tmp_path)
    assert work(Store.create(tmp_path, HEADER), needed, score) == 3


def _interrupt(*arguments):
    raise KeyboardInterrupt


def test_a_study_that_does_not_exist_is_told(tmp_path, url):
    with pytest.raises(ValueError, match="study: .*no study .*Begin it first"):
        Store.open(tmp_path / "nothing", url=url)


@pytest.mark.parametrize(
    ("text", "found"), [("sqlite:///study.db", "sqlite"), ("study.db", "nothing that SQLAlchemy")]
)
def test_another_database_is_refused(tmp_path, text, found):
    with pytest.raises(ValueError, match=f"must be a PostgreSQL database, .* got {found}"):
        Store.create(tmp_path, HEADER, url=text)


def test_a_database_out_of_reach_is_told_without_the_password(tmp_path):
    pytest.importorskip("psycopg", reason="needs psycopg, which talks to PostgreSQL")
    with pytest.raises(ConnectionError, match="study: .*:[*]{3}@127.0.0.1.*refused") as raised:
        Store.create(tmp_path, HEADER, url="postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_file_of_another_kind_is_kept(tmp_path):
    text = "a diary without a newline"
    (tmp_path / JOURNAL).write_text(text)
    with pytest.raises(FileExistsError, match="holds something else"):
        Store.create(tmp_path, HEADER)
    assert (tmp_path / JOURNAL).read_text() == text


def test_a_damaged_journal_is_told(tmp_path):
    work(Store.create(tmp_path, HEADER), needed, score)
    first, *lines = (tmp_path / JOURNAL).read_text().splitlines(keepends=True)
    (tmp_path / JOURNAL).write_text("".join([first, "damage\n", *lines]))
    with pytest.raises(ValueError, match="study: a line of .*journal.log' is not JSON.*Restore"):
        Store.open(tmp_path)


def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch):
    def refuse(file, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(leases.fcntl, "flock", refuse)
    with pytest.raises(OSError, match="the file system of .* has no flock: Operation not"):
        Store.create(tmp_path, HEADER)


def test_a_folder_that_is_only_read_has_outcomes(tmp_path, monkeypatch):
    work(Store.create(tmp_path, HEADER), needed, score)

    def refuse(self):
        raise PermissionError(str(tmp_path))

    monkeypatch.setattr(leases.FolderLeases, "lock", refuse)
    assert len(Store.open(tmp_path).outcomes()) == 3


def test_workers_are_processes_of_the_command(monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(worker.subprocess, "Popen", lambda command, **_: started.append(command))
    worker.start_workers(tmp_path, 2)
    worker.start_workers(pathlib.Path("runs"), 1, url="postgresql://host/name")
    assert [command[1:] for command in started] == [
        *[["-m", "activax", "study", "work", str(tmp_path)]] * 2,
        ["-m", "activax", "study", "work", "runs", "--storage", "postgresql://host/name"],
    ]
