"""Use cases: each a function of one unit of work; they know neither HTTP nor SQL."""
