"""The one catalogue: every sentence a person reads, in Chinese and English, by key."""

from booth_queue.texts.catalogue import CatalogueError, catalogue, tell

__all__ = ["CatalogueError", "catalogue", "tell"]
