"""A PostgreSQL server of the machine, for tests that need one."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a server on a socket of its own, and yield the URL of its database; or skip."""
    pytest.importorskip("psycopg", reason="needs psycopg, which talks to PostgreSQL")
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    control = shutil.which("pg_ctl") or (found and str(found[-1]))
    if not control:
        pytest.skip("needs a PostgreSQL server on this machine")
    with tempfile.TemporaryDirectory() as folder:
        owner = {"user": "nobody"} if os.geteuid() == 0 else {}  # the server refuses root
        if owner:
            shutil.chown(folder, "nobody")

        def run(*arguments: str) -> None:
            command = [control, "-D", f"{folder}/data", "-s", "-w", *arguments]
            log = pathlib.Path(folder, "log")
            result = subprocess.run(command, **owner, cwd=folder, capture_output=True, check=False)
            assert result.returncode == 0, (result.stderr, log.exists() and log.read_text())

        run("initdb", "-o", "-A trust -U study --no-sync")
        listen = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("start", "-l", f"{folder}/log", "-o", listen)
        try:
            yield f"postgresql+psycopg://study@/postgres?host={folder}"
        finally:
            run("stop", "-m", "immediate")
