"""Programs on eight devices of a CPU, which have to be faked before JAX starts."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import compiling

ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
    "JAX_PLATFORMS": "cpu",
    # The tests look at the place of data and not at speed, so optimisation only costs time.
    "XLA_FLAGS": f"--xla_force_host_platform_device_count=8 {compiling.FLAGS}",
    "JAX_NUMPY_DTYPE_PROMOTION": "strict",
    "JAX_NUMPY_RANK_PROMOTION": "raise",
}
COLLECTIVES = ("all-gather", "all-reduce", "all-to-all", "collective-permute", "reduce-scatter")


def run_program(file: str, *arguments: str, **changes: str) -> None:
    """Run a file as a program in ENVIRONMENT with changes; any warning is an error."""
    command = [sys.executable, "-W", "error", file, *arguments]
    environment = {**os.environ, **ENVIRONMENT, **changes}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def collectives(program: str) -> Counter[str]:
    """Return the number of collectives of each kind in a compiled program."""
    return Counter(re.findall(rf" ({'|'.join(COLLECTIVES)})(?:-start)?\(", program))
