"""The kernels of an optimised HLO program, and the memory that each reads and writes."""

import dataclasses
import math
import re
from collections.abc import Iterator

ARRAY = re.compile(r"([a-z][a-z0-9]*)\[([\d,<=]*)\](\{[^{}]*\})?")
INSTRUCTION = re.compile(
    r"\s+(?P<root>ROOT )?%?(?P<name>[\w.-]+) = (?P<shape>.*?) (?P<opcode>[a-z][\w-]*)\((?P<rest>.*)"
)
HEADER = re.compile(r"(?P<entry>ENTRY )?%?(?P<name>[\w.-]+) \(.*\{$")
REFERENCE = re.compile(r"%([\w.-]+)")
TRIPS = re.compile(r"known_trip_count\D+(\d+)")
KIND = re.compile(r"kind=(\w+)|custom_call_target=\"([^\"]+)\"")
ELSEWHERE = "S("  # marks a layout outside of the device's main memory, such as in a TPU's VMEM
# Operations that launch nothing: they name, group or view memory. Nor do those that end in DONE.
FREE = {
    *("parameter", "constant", "tuple", "get-tuple-element", "bitcast", "opt-barrier"),
    *("after-all", "partition-id", "replica-id"),
}
DONE = "-done"
CONTROL = ("while", "call", "conditional", "async-start")
COLLECTIVES = ("all-gather", "all-reduce", "all-to-all", "collective-permute", "reduce-scatter")
SLICES = ("dynamic-slice", "slice", "gather")
UPDATES = ("dynamic-update-slice", "scatter")


@dataclasses.dataclass(frozen=True)
class DeviceKernel:
    """A kernel that a compiled program launches.

    Attributes:
        name: the name of its instruction in the program.
        kind: "kLoop", "kInput", ... for a fusion, the target for a custom call, else the operation.
        read: bytes of its operands. An operand that is only sliced counts the slices.
        written: bytes of its results. A result that is updated in place counts the update.
        elements: the number of elements of its largest array.
        runs: the number of launches. A loop launches its body once for each trip.
        instructions: machine instructions for each element, all branches counted; None if no tool
            disassembles the kernel.
    """

    name: str
    kind: str
    read: int
    written: int
    elements: int
    runs: int = 1
    instructions: float | None = None


@dataclasses.dataclass(frozen=True)
class Instruction:
    """One instruction of a computation."""

    name: str
    shape: str
    opcode: str
    operands: tuple[str, ...]
    literal: str  # the value of a constant, the number of a parameter
    attributes: str
    root: bool


Computation = dict[str, Instruction]


def kernels(program: str) -> list[DeviceKernel]:
    """Return the kernels that the entry computation launches, in order; collectives are kernels.

    Args:
        program: the text of optimised HLO, from `jax.stages.Compiled.as_text()`.
    """
    parsed, entry = computations(program)
    return list(_launched(parsed, entry, 1))


def elements(shape: str) -> int:
    """Return the number of elements of the largest array of a shape."""
    return max((_size(sizes) for _, sizes, _ in ARRAY.findall(shape)), default=0)


def nbytes(shape: str) -> int:
    """Return the bytes of main memory of a shape, which may be a tuple."""
    return sum(
        math.ceil(_bits(dtype) * _size(sizes) / 8)
        for dtype, sizes, layout in ARRAY.findall(shape)
        if ELSEWHERE not in layout
    )


def _size(dimensions: str) -> int:
    return math.prod(int(size.lstrip("<=")) for size in dimensions.split(",") if size)


def _bits(dtype: str) -> int:
    digits = re.match(r"[a-z]+(\d+)", dtype)
    return int(digits.group(1)) if digits else 8 * (dtype == "pred")  # a token has no bits


def computations(program: str) -> tuple[dict[str, Computation], str]:
    """Return every computation by name, and the name of the entry."""
    parsed: dict[str, Computation] = {}
    entry = current = ""
    for line in program.splitlines():
        if header := HEADER.match(line):
            current = header["name"]
            parsed[current] = {}
            entry = current if header["entry"] else entry
        elif current and (found := INSTRUCTION.match(line)):
            operands, _, attributes = found["rest"].partition("), ")
            parsed[current][found["name"]] = Instruction(
                found["name"],
                found["shape"],
                found["opcode"],
                tuple(REFERENCE.findall(operands)),
                operands.rstrip(")"),
                attributes,
                bool(found["root"]),
            )
    return parsed, entry


def _launched(computations: dict[str, Computation], name: str, runs: int) -> Iterator[DeviceKernel]:
    computation = computations[name]
    for instruction in computation.values():
        if instruction.opcode in FREE or instruction.opcode.endswith(DONE):
            continue
        called = [c for c in REFERENCE.findall(instruction.attributes) if c in computations]
        if instruction.opcode in CONTROL:
            trips = TRIPS.search(instruction.attributes)
            for inner in called:
                yield from _launched(computations, inner, runs * int(trips[1] if trips else 1))
            continue
        body = computations[called[0]] if instruction.opcode == "fusion" else {}
        kind = KIND.search(instruction.attributes)
        read = _read(computation, instruction, body)
        shapes = (instruction.shape, *(computation[o].shape for o in instruction.operands))
        yield DeviceKernel(
            instruction.name,
            (kind[1] or kind[2]) if kind else instruction.opcode.removesuffix("-start"),
            read,
            _written(instruction, body, read),
            max(map(elements, shapes)),
            runs,
        )


def _read(computation: Computation, instruction: Instruction, body: Computation) -> int:
    inside = {int(i.literal): i.name for i in body.values() if i.opcode == "parameter"}
    total = 0
    for operand in dict.fromkeys(instruction.operands):
        position = instruction.operands.index(operand)
        users = [i for i in body.values() if inside.get(position) in i.operands]
        if users and all(_touches_a_part(i, inside[position]) for i in users):
            total += sum(nbytes(i.shape) for i in users if i.opcode in SLICES)
        else:
            total += nbytes(computation[operand].shape)
    return total


def _touches_a_part(instruction: Instruction, operand: str) -> bool:
    return instruction.opcode in (*SLICES, *UPDATES) and instruction.operands[0] == operand


def _written(instruction: Instruction, body: Computation, read: int) -> int:
    if instruction.opcode.endswith("-start") and instruction.opcode != "all-reduce-start":
        # The result holds the operands too.
        return nbytes(instruction.shape) - read
    for root in (i for i in body.values() if i.root and i.opcode == "dynamic-update-slice"):
        return nbytes(body[root.operands[1]].shape)
    return nbytes(instruction.shape)
