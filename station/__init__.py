"""One booth's brain: the sampling session that ties camera, arm and queue; the `booth` command."""
