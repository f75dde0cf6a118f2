"""The root error of the package."""


class VisionError(Exception):
    """Something about seeing is wrong; the message names the value, the bound and the remedy."""
