"""Files are written whole or not at all, and files of another kind stay."""

import errno
import os
import resource
from pathlib import Path

import pytest

from activax.bench.results import files

MARK = "a mark"
OLD, NEW = f"{MARK}: old", f"{MARK}: new " + 4096 * "x"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "out.json"
    path.write_text(OLD)
    return path


@pytest.mark.parametrize("content", [NEW, NEW.encode()])
def test_a_file_of_the_same_kind_is_replaced(file, content):
    file.chmod(0o640)
    files.write(file, content, MARK)
    assert file.read_text() == NEW
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_link_stays_and_its_target_is_replaced(file):
    (file.parent / "elsewhere").mkdir()
    link = file.parent / "elsewhere" / "link.json"
    link.symlink_to(file)
    files.write(link, NEW, MARK)
    assert link.is_symlink()
    assert file.read_text() == NEW
    assert [path.name for path in link.parent.iterdir()] == ["link.json"]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    files.write(tmp_path / "new", NEW, MARK)
    (tmp_path / "usual").touch()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def unwritten(file: Path, message: str) -> None:
    """Assert that a write fails with this message and changes neither file nor folder."""
    before = file.read_bytes()
    with pytest.raises(OSError, match=message) as raised:
        files.write(file, NEW, MARK)
    assert str(file) in str(raised.value)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_of_another_kind_is_refused(file):
    file.write_text("holiday")
    unwritten(file, "holds something else, .* has no 'a mark'. Give another name, or move")


def test_a_full_disk_leaves_the_old_file(file, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    unwritten(file, "No space left on device: '")


def test_a_file_that_grows_too_large_leaves_the_old_file(file):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        unwritten(file, "File too large: '")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_an_interrupted_write_leaves_the_old_file(file, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write(file, NEW, MARK)
    assert file.read_text() == OLD
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files.write(pipe, OLD, MARK)
    assert os.read(reader, 100) == OLD.encode()
    os.close(reader)
    assert pipe.is_fifo()
