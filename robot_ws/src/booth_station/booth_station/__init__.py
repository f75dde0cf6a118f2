"""The sampling session as an action."""
