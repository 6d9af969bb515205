"""The file of a run of `benchmarks.speed`, from which an interrupted run goes on."""

import hashlib
import time
from pathlib import Path
from typing import Any

import activax
from activax.bench.results import files
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.speed_races import FIELDS, KEY, Race

SAVE_S = 10.0  # between two writes
SAME = ("cpu", "cores", "python", "versions", "flags")  # of the environments that a file may mix
ROOMS = ("numerics", "core", "functions")  # of activax
MODULES = ("compiled_loops", "python_calls", "speed_races", "speed_settings", "unrolled_layers")


def source() -> str:
    """Return a digest of the files whose change may change a time."""
    package = Path(activax.__file__).parent
    sources = [file for room in ROOMS for file in sorted((package / room).rglob("*.py"))]
    sources += [Path(__file__).with_name(f"{module}.py") for module in MODULES]
    digest = hashlib.sha256()
    for file in sources:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


class SpeedFile:
    """The records of a run, which may be kept in a file.

    Args:
        path: the file, or None.
        environment: the machine and the versions.
    """

    def __init__(self, path: Path | None, environment: dict[str, Any]):
        self.path, self.environment, self.source = path, environment, source()
        self.rows: list[Record] = []
        self.saved = time.monotonic()

    def begin(self, fresh: bool) -> None:
        """Take the records of an earlier run from the file, unless the run is to be fresh.

        Raises:
            FileExistsError: the file holds something else, which is not written over.
            ValueError: the file is of another benchmark, machine, version or source.
        """
        if self.path is None or not self.path.exists():
            return
        files.check_replaceable(self.path, publishing.MARK)
        if not fresh:
            self._go_on(self.path)

    def _go_on(self, path: Path) -> None:
        found = publishing.read(path, {"records": FIELDS}, "environment", "source")
        earlier = {name: found["environment"].get(name) for name in SAME}
        earlier["source"] = found["source"]
        now = {**self.environment, "source": self.source}
        if differ := [name for name in earlier if earlier[name] != now[name]]:
            raise ValueError(
                f"{path} is of another machine or program ({', '.join(differ)}); --fresh writes "
                "over it"
            )
        self.rows = found["records"]

    def done(self, repeats: int) -> set[tuple[str, ...]]:
        """Return the races with at least so many samples."""
        return {tuple(r[field] for field in KEY) for r in self.rows if r["repeats"] >= repeats}

    def replace(self, one: Race, rows: list[Record]) -> None:
        """Put the rows of a race in place of older ones, and write the file in time."""
        self.rows = [row for row in self.rows if tuple(row[field] for field in KEY) != one] + rows
        if time.monotonic() - self.saved > SAVE_S:
            self.save()

    def save(self) -> None:
        """Write the file, if there is one."""
        self.saved = time.monotonic()
        if self.path:
            record = {"environment": self.environment, "source": self.source, "records": self.rows}
            publishing.save(self.path, record)
