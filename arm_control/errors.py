"""The errors of the package: one root, and the kinds a caller may want to tell apart."""


class ArmControlError(Exception):
    """Something about the arm is wrong; the message names the value, the bound and the remedy."""


class ModelError(ArmControlError):
    """The arm's description cannot be used: a file, link, joint or inertia is missing or wrong."""


class ProcedureError(ArmControlError):
    """A procedure's description is wrong: the message names the file, the key and the bound."""


class GoalError(ArmControlError):
    """A goal cannot be taken now, or cannot be reached within the limits."""


class MonitorError(ArmControlError):
    """The safety monitor could not be started, or has tripped and was not reset by a person."""
