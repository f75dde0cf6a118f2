"""The off-screen OpenGL context everything is drawn in."""

from typing import Any

import moderngl


def off_screen() -> Any:  # noqa: ANN401 - moderngl's classes carry no types
    """Return a new OpenGL context on EGL, without a display.

    The libraries are named by their version, as Debian's run-time packages ship them; the bare
    names come with the development packages alone. Raises what moderngl raises, a plain Exception.
    """
    make: Any = moderngl.create_context  # its annotations refuse its own keywords
    return make(standalone=True, backend="egl", libgl="libGL.so.1", libegl="libEGL.so.1")
