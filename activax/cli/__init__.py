"""The command line: `activax train`, `study`, `list`, `show`, `theory`, `bench` and so on.

Modules:
    train       The command that trains a network for each activation.
    study       The command that compares activations on your own data.
    listing     The command `activax list`.
    show        The command that shows one activation.
    theory      The command that says what mean-field theory knows.
    bench       The command that measures.
    atlas       The command that writes the atlas, and the pages of `show`.
    doctor      The command that says whether the installation is right.
    tour        What `activax` alone prints.
    arguments   Types of arguments that commands share.
    errors      Errors that the user sees in one line.
    interrupts  Signals that end a command.
    streams     Standard streams: ASCII if they take no Unicode, and readers that stop reading.
"""

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import activax
from activax.cli import streams, tour
from activax.cli.errors import UsageError
from activax.cli.interrupts import exit_code, interruptible

COMMANDS = {  # the module of each command
    "train": "train.command",
    "study": "study.command",
    "list": "listing",
    "show": "show",
    "theory": "theory.command",
    "bench": "bench.command",
    "atlas": "atlas",
    "doctor": "doctor",
}
EXTRAS = {"psycopg": "cluster"}  # by package the extra that has it, if it is not that of the CLI


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the words of the command; by default those of this process.

    Returns:
        The exit code: 0; 1 if `bench` finds a row slower than allowed, or `doctor` a wrong result;
        2 for wrong arguments and for files that cannot be read or written; 130 if interrupted; 143
        if terminated; 141 if nobody reads the output.
    """
    try:
        with interruptible():
            streams.spell()
            try:
                return _dispatch(argv)
            finally:
                sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        print("interrupted", file=sys.stderr)
        return exit_code(*interrupt.args or [signal.SIGINT])
    except BrokenPipeError:
        streams.discard_output()
        return exit_code(signal.SIGPIPE)


def parser() -> Parser:
    """Build the parser of all commands, whose modules define their arguments."""
    parser = Parser(prog="activax", description="Activation functions for JAX.")
    parser.add_argument("--version", action="version", version=f"activax {activax.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name, module_name in COMMANDS.items():
        module = importlib.import_module(f"{__name__}.{module_name}")
        summary = _uncapitalised((module.__doc__ or "").partition("\n")[0])
        command = commands.add_parser(name, help=summary, description=summary)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def _uncapitalised(sentence: str) -> str:
    """Return a sentence as help shows it: without a capital and without a full stop."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def _dispatch(argv: Sequence[str] | None) -> int:
    command_line = parser()
    arguments = command_line.parse_args(argv)
    if arguments.command is None:
        print(tour.text())
        return 0
    try:
        return arguments.run(arguments) or 0
    except BrokenPipeError:
        raise
    except (UsageError, OSError) as error:
        command_line.error(str(error))
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("activax"):
            raise
        extra = EXTRAS.get(missing.name or "", "cli")
        command_line.error(f"needs {missing.name}: install it with pip install 'activax[{extra}]'")
