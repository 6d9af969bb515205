"""The circumstances of a measurement: the machine, the versions and the flags."""

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import jax

from activax.bench.timing.rotation import last_level_cache

PACKAGES = ("activax", "jax", "jaxlib", "numpy", "torch")


def describe(command: list[str]) -> dict[str, Any]:
    """Return the circumstances of this process, ready for JSON.

    Args:
        command: the command line that is measured.
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": command,
        "device": jax.devices()[0].device_kind,
        "cpu": _cpu_model(),
        "cores": os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count(),
        "last_level_cache": last_level_cache(),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "flags": {name: os.environ.get(name, "") for name in ("XLA_FLAGS", "OMP_WAIT_POLICY")},
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def version(package: str) -> str | None:
    """Return the version of a package, or None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
