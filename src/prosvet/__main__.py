"""``python -m prosvet``."""

import sys

from prosvet.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
