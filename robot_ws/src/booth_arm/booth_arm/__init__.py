"""The arm's control loop in a process of its own, and the node beside it."""
