"""Say what mean-field theory knows of one activation, and draw it."""

import argparse

from activax.bench.results import files, json_rows
from activax.cli.arguments import (
    elementwise_argument,
    number,
    output_file,
    positive,
    positive_number,
)
from activax.cli.errors import UsageError

MARK = "activax theory"
NARROWEST = 60  # columns of text, in which the card still fits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("name", type=elementwise_argument,
        help="an elementwise activation, as `activax list` has it")  # fmt: skip
    add("--q", type=positive_number, metavar="Q",
        help="moments for pre-activations of this variance too, beside 1")  # fmt: skip
    add(
        "--sigma-b",
        type=number("a number from 0 on", lambda value: value >= 0),
        metavar="S",
        help="the critical point with this scale of biases",
    )
    add("--depth", type=positive, default=50, metavar="N", help="layers to follow (50)")
    add("--json", type=output_file, metavar="FILE", help="write every number")
    add("--png", type=output_file, metavar="FILE",
        help="draw the maps of variance and correlation, and the phases")  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    from activax.cli.theory import card as theory_card
    from activax.cli.theory import card_text

    activation = arguments.name
    if arguments.png and arguments.png.suffix != ".png":
        raise UsageError(f"theory: --png needs a name that ends in .png; got {arguments.png}")
    for file in (arguments.json, arguments.png):
        if file:
            files.check_replaceable(file, MARK)
    variances = [*dict.fromkeys([1.0, arguments.q or 1.0])]
    try:
        card = theory_card.card(activation, variances, arguments.sigma_b, arguments.depth)
    except ValueError as error:
        raise UsageError(error) from None
    console = Console(width=max(Console().width, NARROWEST))
    for shown in card_text.parts(card, console.width):
        console.print(shown, markup=False, highlight=False)
    if arguments.json:
        record = {"made_by": MARK} | theory_card.without_infinities(card)
        text = json_rows.dumps(record, allow_nan=False) + "\n"
        files.write(arguments.json, text, MARK)
        print(f"wrote {arguments.json}")
    if arguments.png:
        from activax.cli.theory.plot import draw

        figure = draw(activation, arguments.sigma_b, arguments.depth)
        files.write_picture(arguments.png, figure, MARK)
        print(f"wrote {arguments.png}")
