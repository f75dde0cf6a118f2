"""The root error of the package."""


class StationError(Exception):
    """The booth cannot go on; the message names the value, the bound and the remedy."""
