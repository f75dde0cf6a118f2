"""What is measured and never asserted; each runs as a file, or as a module of this package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # as Python does for a file that it runs
