"""Nodes that take the place of ours in tests of the graph."""
