"""Train one network per activation on real images and compare them."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any

import activax
from activax.bench.results import files, json_rows
from activax.cli.arguments import activation, add_activations, dtype, positive, positive_number
from activax.cli.errors import UsageError
from activax.cli.train import processes
from activax.study.digits.settings import ACTIVATIONS, OPTIMIZERS, Settings
from activax.study.tasks.hidden_units import check_hidden_unit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = Settings()
    add = parser.add_argument
    add_activations(parser, one=_activation_name, default=ACTIVATIONS,
                    help=f"what to compare (default: {' '.join(ACTIVATIONS)})")  # fmt: skip
    add("--depth", type=positive, default=default.depth, help="hidden layers")
    add("--width", type=positive, default=default.width, help="units a hidden layer")
    add("--seeds", type=positive, default=default.seeds, help="networks trained at once")
    add("--steps", type=positive, default=default.steps, help="optimiser steps")
    add("--batch", type=positive, default=default.batch, help="images a step")
    add("--optimizer", choices=OPTIMIZERS, default=default.optimizer)
    add("--learning-rate", type=positive_number, default=default.learning_rate, metavar="RATE")
    add("--dtype", type=dtype, default=default.dtype,
        help="of float32, bfloat16, float16, or short as f32, bf16, f16: in which the network "
        "computes; parameters stay float32")  # fmt: skip
    add("--learn", action="store_true", help="train the activations' parameters, one a unit")
    add("--seed", type=_seed, default=default.seed, help="where the random numbers start")
    add("--out", type=Path, metavar="DIR", help="write results.json and curves.png there")
    add("--diagnose", action="store_true",
        help="with --out: train each network once more and draw what happens in it")  # fmt: skip
    processes.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    processes.join_processes(arguments)  # before JAX looks for devices
    from activax.cli.train import diagnosis, report
    from activax.study.digits import experiment, images

    fields = [field.name for field in dataclasses.fields(Settings)]
    settings = Settings(**{name: getattr(arguments, name) for name in fields})
    most = len(images.digits()[0].y)
    if settings.batch > most:
        raise UsageError(f"train: --batch must be at most {most}; got {settings.batch}")
    out: Path | None = arguments.out
    if out:
        out.mkdir(parents=True, exist_ok=True)
        written = ["results.json", "curves.png"]
        if arguments.diagnose:
            kinds = [f"{name}-{kind}" for name in arguments.activations for kind in diagnosis.KINDS]
            written += ["diagnostics.json", *(f"{kind}.png" for kind in kinds)]
        for file in written:
            files.check_replaceable(out / file, report.MARK)
    elif arguments.diagnose:
        raise UsageError("train: --diagnose needs a place to write to: --out DIR")
    reports = processes.reports()
    results: list[experiment.Result] = []
    diagnoses: dict[str, Any] = {}
    try:
        for name in arguments.activations:
            results.append(experiment.train(name, settings))
            print(report.result_line(results[-1]), file=sys.stderr, flush=True)
            complete = len(results) == len(arguments.activations)
            if out and reports:  # after each activation, so that an interrupted run loses none
                _write(out / "results.json", report.record(results, settings, complete))
                files.write_picture(out / "curves.png", report.draw_curves(results), report.MARK)
            if out and arguments.diagnose:
                diagnoses[name] = diagnosis.write_diagnosis(name, settings, out)
                header = report.header(settings, complete)
                _write(out / "diagnostics.json", {**header, "diagnoses": diagnoses})
    finally:
        if results and reports:
            Console().print(report.table(results, settings))
            print(report.conclusion(results))
    if not out or not reports:
        return
    print(f"wrote {out / 'results.json'} and {out / 'curves.png'}")
    if diagnoses:
        print(f"wrote {out / 'diagnostics.json'} and its pictures, NAME-*.png")
    for name, found in diagnoses.items():
        if not found["health"]:
            kind = activax.get(name).kind
            print(f"{name}: unit health is left out; it needs elementwise activations, not {kind}")


def _write(path: Path, record: dict[str, Any]) -> None:
    text = json_rows.dumps(record, allow_nan=False) + "\n"
    files.write(path, text, record["made_by"])


def _activation_name(text: str) -> str:
    found = activation(text)
    try:
        check_hidden_unit(found, text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return found.name


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"must be an integer from 0 to 2^32 - 1; got {text!r}")
    return int(text)
