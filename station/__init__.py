"""One booth's brain: the sampling session tying camera, arm and queue, and the `booth` command."""
