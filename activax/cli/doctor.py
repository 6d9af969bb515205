"""Say what is installed, which devices there are, and whether results on them are right.

The self-test compares ten activations, value and slope, with stored numbers. It takes seconds.
"""

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import textwrap

import jax
import jax.numpy as jnp
import numpy as np

import activax
from activax.cli.errors import UsageError

STORED_AT = (-9.0, -1.5, -0.001, 0.5, 2.5)
# At STORED_AT, rounded to float32, values and slopes. They are `activation.reference` and its
# derivative in mpmath with 50 digits; tests/cli/test_cli_doctor.py derives them again.
STORED = {
    "relu": (
        (0.0, 0.0, 0.0, 0.5, 2.5),
        (0.0, 0.0, 0.0, 1.0, 1.0),
    ),
    "gelu": (
        (-1.015729565e-18, -0.1002108019, -0.0004996010815, 0.3457312306, 2.484475837),
        (-9.138937374e-18, -0.1274691922, 0.4992021157, 0.8674951247, 1.037611086),
    ),
    "gelu_tanh": (
        (-1.336459595e-28, -0.100428423, -0.0004996010815, 0.3457140098, 2.484915734),
        (-2.515735285e-27, -0.1277107932, 0.4992021157, 0.8673699035, 1.037951576),
    ),
    "silu": (
        (-0.001110551184, -0.2736382857, -0.0004997500237, 0.3112296656, 2.31035455),
        (-0.0009870195719, -0.0412941543, 0.4995000001, 0.7399611873, 1.099401111),
    ),
    "tanh": (
        (-0.9999999695, -0.9051482536, -0.0009999997142, 0.4621171573, 0.9866142982),
        (6.091991712e-8, 0.1807066389, 0.999999, 0.786447733, 0.02659222668),
    ),
    "sigmoid": (
        (0.000123394576, 0.1824255238, 0.49975, 0.6224593312, 0.92414182),
        (0.0001233793498, 0.1491464521, 0.2499999375, 0.2350037122, 0.07010371655),
    ),
    "softplus": (
        (0.0001234021897, 0.201413278, 0.6926473055, 0.9740769842, 2.578889734),
        (0.000123394576, 0.1824255238, 0.49975, 0.6224593312, 0.92414182),
    ),
    "elu": (
        (-0.9998765902, -0.7768698399, -0.0009995002141, 0.5, 2.5),
        (0.0001234098041, 0.2231301601, 0.9990004998, 1.0, 1.0),
    ),
    "mish": (
        (-0.001110619702, -0.2980997422, -0.0005996800125, 0.3752452113, 2.471392305),
        (-0.0009871489779, -0.06409781589, 0.5993599522, 0.8864243754, 1.04112953),
    ),
    "hard_silu": (
        (0.0, -0.375, -0.0004998333571, 0.2916666667, 2.291666667),
        (0.0, 0.0, 0.4996666667, 0.6666666667, 1.333333333),
    ),
}
# Settings that change results or dtypes.
SETTINGS = ("jax_enable_x64", "jax_default_matmul_precision", "jax_debug_nans", "jax_disable_jit")
VARIABLES = ("XLA_FLAGS", "JAX_PLATFORMS")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", type=int, default=0, metavar="N", help="the device of the self-test (default 0)"
    )


def run(arguments: argparse.Namespace) -> int:
    devices = jax.devices()
    if not 0 <= arguments.device < len(devices):
        raise UsageError(
            f"doctor: --device must be from 0 to {len(devices) - 1}, the devices that JAX sees; "
            f"got {arguments.device}"
        )
    device = devices[arguments.device]
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    print(f"activax {activax.__version__}, {len(activax.catalog)} activations; {python}")
    for name, text in {**_packages(), **_settings(), "devices": _devices(devices)}.items():
        print(_filled(name, text))
    print(f"{'self-test':>12}  errors on {device}, in units in the last place of float32")
    wrong = 0
    for name, (value, slope) in self_test(device).items():
        bounds = activax.catalog[name].ulps
        holds = value <= bounds[0] and slope <= bounds[1]  # False for NaN
        wrong += not holds
        numbers = f"value {value:.2g} of {bounds[0]:g}, slope {slope:.2g} of {bounds[1]:g} allowed"
        print(f"{'' if holds else 'WRONG':>12}  {name:<10} {numbers}")
    print(f"{wrong} of {len(STORED)} are wrong" if wrong else "all are right")
    return 1 if wrong else 0


def _filled(name: str, text: str) -> str:
    width = max(shutil.get_terminal_size().columns, 40)
    return textwrap.fill(
        text, width, initial_indent=f"{name:>12}  ", subsequent_indent=" " * 14,
        break_on_hyphens=False,
    )  # fmt: skip


def self_test(device: jax.Device) -> dict[str, tuple[float, float]]:
    """Return the largest error of value and slope of each stored activation, in ulps of float32."""
    x = jax.device_put(jnp.asarray(STORED_AT, jnp.float32), device)

    @jax.jit
    def program(x: jax.Array) -> dict[str, tuple[jax.Array, jax.Array]]:
        return {name: jax.jvp(activax.catalog[name], (x,), (jnp.ones_like(x),)) for name in STORED}

    return {
        name: (_error(value, STORED[name][0]), _error(slope, STORED[name][1]))
        for name, (value, slope) in program(x).items()
    }


def _error(got: jax.Array, stored: tuple[float, ...]) -> float:
    want = np.asarray(stored)
    spacing = np.spacing(np.abs(want).astype(np.float32)).astype(float)
    return float(np.max(np.abs(np.asarray(got, float) - want) / spacing))


def _packages() -> dict[str, str]:
    """Return JAX's version, optional packages with versions, and by extra what it lacks."""
    jax_version = f"{jax.__version__}, jaxlib {importlib.metadata.version('jaxlib')}"
    try:
        requirements = importlib.metadata.requires("activax") or []
    except importlib.metadata.PackageNotFoundError:
        return {"jax": jax_version, "extras": "unknown, because activax is not installed"}
    installed: dict[str, str] = {}
    missing: dict[str, list[str]] = {}
    for requirement in requirements:
        found = re.match(r"([\w.-]+).*extra == ['\"]([\w-]+)['\"]", requirement)
        if not found or found[1] in ("activax", "jax"):
            continue
        version = _version(found[1])
        if version:
            installed[found[1]] = f"{found[1]} {version}"
        else:
            missing.setdefault(found[2], []).append(found[1])
    return {
        "jax": jax_version,
        "installed": ", ".join(installed[name] for name in sorted(installed))
        or "no optional packages",
        **{f"[{extra}]": f"lacks {', '.join(names)}" for extra, names in missing.items()},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _settings() -> dict[str, str]:
    """Return the settings of JAX and the environment that differ from none."""
    chosen = {name: getattr(jax.config, name) for name in SETTINGS}
    chosen |= {name: os.environ.get(name) for name in VARIABLES}
    shown = [f"{name}={value}" for name, value in chosen.items() if value]
    return {"settings": ", ".join(shown) or "all as JAX has them"}


def _devices(devices: list[jax.Device]) -> str:
    kinds = [f"{device} ({device.device_kind})" for device in devices[:8]]
    more = f" and {len(devices) - 8} more" if len(devices) > 8 else ""
    return ", ".join(kinds) + more
