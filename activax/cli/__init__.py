"""The command line: `activax train`, `list`, `show`, `theory` and `bench`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from activax.cli.errors import UsageError

COMMANDS = ("train", "list", "show", "theory", "bench")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    The exit code is 0, 2 for wrong arguments, 130 if interrupted, and 1 if `bench` finds something
    slower than allowed.
    """
    parser = Parser(prog="activax", description="Activation functions for JAX.")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"{__name__}.{name}")
        command = commands.add_parser(name, help=module.__doc__, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments) or 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (UsageError, OSError) as error:
        parser.error(str(error))
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("activax"):
            raise
        parser.error(f"needs {missing.name}: install it with pip install 'activax[cli]'")
