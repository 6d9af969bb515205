"""Machine instructions of NVIDIA kernels, which CUDA's ptxas assembles and nvdisasm lists."""

import functools
import importlib.util
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

TARGET = re.compile(r"^\.target (\w+)", re.MULTILINE)
FUNCTION = re.compile(r"^\.text\.(\S+):$", re.MULTILINE)
OPCODE = re.compile(r"^\s*/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+ )?\s*([A-Z0-9_]+)(\S*)", re.MULTILINE)
# A store to global memory, and its width in bits if that is not 32.
STORE, STORE_BITS = "STG", re.compile(r"\.(?:[US])?(8|16|64|128)(?:\.|$)")


@functools.cache
def tool(name: str) -> str | None:
    """Return the path of a program of CUDA, from installed wheels or from PATH, or None."""
    spec = importlib.util.find_spec("nvidia")
    places = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
    found = [str(path) for place in places for path in sorted(place.glob(f"*/bin/{name}"))]
    return found[-1] if found else shutil.which(name)


def counts(ptx: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return {function: (instructions, bytes that a thread stores)} for texts of PTX.

    All branches count, and loops count once. Instructions after the last exit are padding and do
    not count. Without the tools the result is empty.

    Raises:
        subprocess.CalledProcessError: the tools reject a text.
    """
    assembler, disassembler = map(tool, ("ptxas", "nvdisasm"))
    architectures = {text: found[1] for text in ptx if (found := TARGET.search(text))}
    if not (assembler and disassembler and architectures):
        return {}
    with tempfile.TemporaryDirectory() as directory:
        sources = [Path(directory, f"{i}.ptx") for i in range(len(architectures))]
        for source, text in zip(sources, architectures, strict=True):
            source.write_text(text)
        (architecture,) = set(architectures.values())
        cubin = Path(directory, "cubin")
        _output(assembler, "-arch", architecture, *sources, "-o", cubin)
        return counted(_output(disassembler, "-c", "-ndf", cubin))


def _output(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def counted(listing: str) -> dict[str, tuple[int, int]]:
    """Return {function: (instructions, bytes that a thread stores)} for a listing of nvdisasm."""
    _, *parts = FUNCTION.split(listing)
    counted = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        found = OPCODE.findall(text)
        exits = [i for i, (opcode, _) in enumerate(found) if opcode == "EXIT"]
        found = found[: exits[-1] + 1] if exits else found
        widths = [STORE_BITS.search(rest) for opcode, rest in found if opcode == STORE]
        counted[name] = len(found), sum(int(w[1]) if w else 32 for w in widths) // 8
    return counted
