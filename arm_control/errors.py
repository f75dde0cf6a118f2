"""The root error of the package."""


class ArmControlError(Exception):
    """Something about the arm is wrong; the message names the value, the bound and the remedy."""
