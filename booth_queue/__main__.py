"""`python -m booth_queue`."""

from booth_queue.commands import main

main()
