"""The command `python -m experiments.table`; what it does is in `experiments.report.table`."""

from __future__ import annotations

import sys

from experiments.report.table import main

if __name__ == "__main__":
    sys.exit(main())
