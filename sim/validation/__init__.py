"""The simulator against theory, against published figures, and against a second engine.

``booth sim validate FOLDER`` flies every check and writes docs/explanation/sim_validation.md with
its plots; a check that leaves its tolerance fails the command.
"""

from sim.validation.check import Check
from sim.validation.page import CHECKS, write

__all__ = ["CHECKS", "Check", "write"]
