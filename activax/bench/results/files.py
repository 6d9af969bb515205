"""Files that are written whole or not at all."""

import contextlib
import io
import os
import shutil
from pathlib import Path
from typing import Any

HEAD = 4096  # bytes at the beginning of a file, which hold its mark


def check_replaceable(path: Path, mark: str) -> None:
    """Check that there is no file at `path`, or a file of the kind that `mark` tells.

    Raises:
        FileExistsError: the file is of another kind, so `write` would refuse to replace it.
    """
    if not path.is_file():  # nothing can be lost: there is no file, or a pipe, or a terminal
        return
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head and mark.encode() not in head:
        raise FileExistsError(
            f"{str(path)!r} holds something else, which is not written over: its beginning has no "
            f"{mark!r}. Give another name, or move that file."
        )


def write(path: Path, content: str | bytes, mark: str) -> None:
    """Write a whole file, or leave the old file as it is.

    The content goes to a scratch file in the same folder, which then replaces the old file. A
    symbolic link stays; the file that it points at is replaced.

    Args:
        path: the file.
        content: text, written as UTF-8, or bytes.
        mark: a text in the first HEAD bytes of the content, which tells the kind of the file. A
            file without the mark is not written over.

    Raises:
        FileExistsError: the file is of another kind.
        OSError: there is no room or no permission; the old file is as it was.
    """
    check_replaceable(path, mark)
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
        error.filename, error.filename2 = str(path), None  # the user does not know the scratch file
        raise
    finally:
        with contextlib.suppress(OSError):  # the file has replaced the target, or was never opened
            scratch.unlink()


def write_picture(path: Path, figure: Any, mark: str) -> None:
    """Write a figure of matplotlib as PNG, with `mark` as its software.

    Raises:
        OSError: as for `write`.
    """
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=150, metadata={"Software": mark})
    write(path, out.getvalue(), mark)
