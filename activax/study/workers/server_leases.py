"""Locks of a study in a PostgreSQL database, which workers of several machines share."""

import contextlib
import zlib
from collections.abc import Iterator

import sqlalchemy
from optuna.exceptions import StorageInternalError

from activax.study.workers.leases import Lease

STUDY_KEY = 0  # of the lock of the study; cells have positive keys
# The locks of a machine that vanishes end after 60 + 6 * 10 seconds.
KEEPALIVE = {"tcp_keepalives_idle": 60, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 6}


class ServerLeases:
    """Advisory locks of PostgreSQL, which the server frees when their connection ends.

    Each lock has a connection of its own, so that it ends with nothing else.

    Args:
        url: the database, as SQLAlchemy reads it.
        name: the name of the study in the database.

    Raises:
        ValueError: the database is of another kind.
    """

    def __init__(self, url: str, name: str) -> None:
        try:
            backend = sqlalchemy.make_url(url).get_backend_name()
        except sqlalchemy.exc.ArgumentError:
            backend = "nothing that SQLAlchemy knows"
        if backend != "postgresql":
            raise ValueError(
                "study: the storage must be a PostgreSQL database, as "
                f"postgresql+psycopg://user@host/database; got {backend}. SQLite lets two workers "
                "run one cell; without a URL the study's folder holds the study"
            )
        self._engine = sqlalchemy.create_engine(
            url, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT"
        )
        self._key = zlib.crc32(name.encode()) >> 1  # of 31 bits, as the server's integers

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        try:
            with self._locked(STUDY_KEY):
                yield
        except (sqlalchemy.exc.SQLAlchemyError, StorageInternalError) as error:
            reason = str(error.__cause__ or error).partition("\n")[0]
            raise ConnectionError(f"study: {self._engine.url!r}: {reason}") from error

    def take(self, number: int) -> Lease:
        return self._locked(STUDY_KEY + 1 + number)

    def held(self) -> set[int]:
        query = sqlalchemy.text(
            "SELECT objid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
            "WHERE locktype = 'advisory' AND granted AND objsubid = 2 "  # two keys: study and cell
            "AND datname = current_database() AND classid = :study"
        )
        with self._engine.connect() as connection:
            keys = connection.scalars(query, {"study": self._key}).all()
        return {key - STUDY_KEY - 1 for key in keys if key != STUDY_KEY}

    def _locked(self, key: int) -> sqlalchemy.Connection:
        """Return a connection that holds a lock, after waiting for the lock."""
        connection = self._engine.connect()
        try:
            for setting, value in KEEPALIVE.items():
                connection.execute(sqlalchemy.text(f"SET {setting} = {value}"))
            lock = sqlalchemy.text(
                "SELECT pg_advisory_lock(CAST(:study AS int), CAST(:key AS int))"
            )
            connection.execute(lock, {"study": self._key, "key": key})
        except BaseException:
            connection.close()
            raise
        return connection
