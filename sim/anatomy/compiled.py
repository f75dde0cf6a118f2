"""Numba's compiler with a type that checkers understand."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` on its first call and keep the code on disk beside its module."""
    return cast("Callable[P, R]", njit(cache=True, error_model="numpy")(function))
