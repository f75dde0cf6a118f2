"""Watches the graph and the loop; what trips stays tripped until a person resets it."""
