"""Write the atlas: all activations in one HTML file, with curves that move."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import activax
from activax.atlas import html
from activax.atlas.cards import facts_of
from activax.atlas.results import read_results
from activax.bench.results import files
from activax.cli.arguments import activation, add_activations, imported, output_file
from activax.cli.errors import UsageError

RESULTS = Path(activax.__file__).parents[1] / "benchmarks" / "results"  # of a clone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=output_file, required=True, metavar="FILE",
                        help="the HTML file to write")  # fmt: skip
    add_activations(
        parser,
        one=catalogued_or_own,
        help="activations, or functions of yours as package.module:function (default: all)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="FOLDER",
        help="measurements of accuracy, memory and speed (default: benchmarks/results of a clone)",
    )


def run(arguments: argparse.Namespace) -> None:
    start = time.perf_counter()
    check_page("atlas", arguments.out)
    chosen = arguments.activations or list(activax.catalog.values())
    pages, undrawn = write_page(arguments.out, chosen, arguments.results)
    seconds = time.perf_counter() - start
    print(f"wrote {arguments.out}: {pages} activations in {seconds:.0f} s; open it in a browser")
    if undrawn:
        print(f"{undrawn} have no curve; their cards say why")


def catalogued_or_own(text: str) -> activax.Activation[...]:
    """Return the activation of a name, or of a function of the user's as module:function."""
    if ":" not in text:
        return activation(text)
    found = imported(text)
    if isinstance(found, activax.Activation):
        return found
    try:
        return activax.elementwise()(found)
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no activation: {error}") from None


def check_page(command: str, file: Path, option: str = "--out") -> None:
    """Raise an error for the user unless a page can be written here."""
    if file.suffix != ".html":
        raise UsageError(f"{command}: {option} needs a name that ends in .html; got {file}")
    files.check_replaceable(file, html.MARK)


def write_page(
    file: Path, chosen: Sequence[activax.Activation[...]], results: Path
) -> tuple[int, int]:
    """Write a page; return how many activations it has, and how many without a curve."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    known = read_results(results)
    cards: list[dict[str, Any]] = []
    for one in track(
        chosen, "print formulas", console=console, transient=True, disable=not console.is_terminal
    ):
        try:
            cards.append(facts_of(one, known.get(one.name, {})))
        except (TypeError, ValueError) as error:
            raise UsageError(f"{one.name} cannot be shown: {error}") from None
    files.write(file, html.atlas_page(cards), html.MARK)
    return len(cards), sum("reason" in one for one in cards)
