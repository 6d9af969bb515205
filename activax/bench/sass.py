"""Machine instructions of NVIDIA kernels, by the tools of CUDA: ptxas assembles, nvdisasm reads."""

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
INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+ )?\s*([A-Z0-9_]+)(\S*)", re.MULTILINE)
# A store to global memory, and the bits that it writes where they are not 32.
STORE, WIDTH = "STG", re.compile(r"\.(?:[US])?(8|16|64|128)(?:\.|$)")


@functools.cache
def tool(name: str) -> str | None:
    """The path of a program of CUDA: of the wheels in this environment, or on the path."""
    spec = importlib.util.find_spec("nvidia")
    places = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
    found = [str(path) for place in places for path in sorted(place.glob(f"*/bin/{name}"))]
    return found[-1] if found else shutil.which(name)


def counts(ptx: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Of each function in texts of PTX: its instructions, and the bytes that a thread stores.

    All branches are counted, and loops once. Padding, what ptxas puts after the last exit, is not.
    Empty where the tools are not installed.

    Raises:
        subprocess.CalledProcessError: they reject a text.
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
        _run(assembler, "-arch", architecture, *sources, "-o", cubin)
        return counted(_run(disassembler, "-c", "-ndf", cubin))


def _run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def counted(listing: str) -> dict[str, tuple[int, int]]:
    _, *parts = FUNCTION.split(listing)
    counted = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        found = INSTRUCTION.findall(text)
        exits = [i for i, (opcode, _) in enumerate(found) if opcode == "EXIT"]
        found = found[: exits[-1] + 1] if exits else found
        widths = [WIDTH.search(rest) for opcode, rest in found if opcode == STORE]
        counted[name] = len(found), sum(int(w[1]) if w else 32 for w in widths) // 8
    return counted
