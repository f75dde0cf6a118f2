"""How the properties are searched: the same examples each time, so that red on one machine is red
on every other; ``make test-slow`` looks for new ones."""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("steady")
