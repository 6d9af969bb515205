"""Files that are written whole or not at all."""

import contextlib
import io
import os
import shutil
from pathlib import Path
from typing import Any

HEAD = 4096  # bytes of a file, in which its mark stands


def check(path: Path, mark: str) -> None:
    """Raise FileExistsError if a file at `path` exists and its beginning lacks `mark`.

    Raises:
        FileExistsError: a file of another kind, which `write` would not replace.
    """
    if not path.is_file():  # nothing is lost: no file, or a pipe, or a terminal
        return
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head and mark.encode() not in head:
        raise FileExistsError(
            f"{str(path)!r} holds something else, which is not written over: its beginning has no "
            f"{mark!r}. Give another name, or move that file."
        )


def write(path: Path, content: str | bytes, mark: str) -> None:
    """Write a whole file, or leave what is there.

    The content goes to a scratch file in the same folder, which then replaces the old file. A
    symbolic link stays, and the file that it points at is replaced.

    Args:
        path: the file.
        content: text, written as UTF-8, or bytes.
        mark: text that tells the kind of the file, in the first HEAD bytes of the content. A file
            without it is not written over.

    Raises:
        FileExistsError: a file of another kind.
        OSError: no room, or no permission; the old file is as it was.
    """
    check(path, mark)
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():  # a pipe or a terminal cannot be replaced
        path.write_bytes(data)
        return
    target = path.resolve()
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, scratch)
        scratch.replace(target)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # the user knows no scratch file
        raise
    finally:
        with contextlib.suppress(OSError):  # it has replaced the target, or could not be opened
            scratch.unlink()


def write_picture(path: Path, figure: Any, mark: str) -> None:
    """Write a figure of matplotlib as PNG, with `mark` as the software that made it.

    Raises:
        OSError: as `write`.
    """
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=150, metadata={"Software": mark})
    write(path, out.getvalue(), mark)
