"""The root error of the package."""


class SpatialError(ValueError):
    """A geometric value is malformed; the message names the value, the bound and the remedy."""
