"""`python -m activax` is the command `activax`."""

import sys

from activax.cli import main

if __name__ == "__main__":
    sys.exit(main())
