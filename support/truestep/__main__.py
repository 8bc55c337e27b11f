"""`python -m truestep`."""

import sys

from truestep.cli import main

sys.exit(main())
