"""The root error of the package."""


class SimError(Exception):
    """Something about the simulation is wrong; the message names value, bound and remedy."""
