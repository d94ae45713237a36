"""`python -m amlcheck` is the command `amlcheck`."""

import sys

from amlcheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
