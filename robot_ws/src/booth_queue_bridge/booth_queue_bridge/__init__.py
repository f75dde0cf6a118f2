"""Calls people from the queue service and reports their sessions to it."""
