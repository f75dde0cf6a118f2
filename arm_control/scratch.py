"""Small arrays on the stack of a compiled kernel, so that the control loop allocates nothing.

Numba's ``np.empty`` takes memory from the heap, whose duration nobody bounds. These arrays live as
long as the call of the kernel that asks for them: fill them and hand them down, never up.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def _on_stack(kind: Any, *sizes: Any) -> Any:  # noqa: ANN401 - numba ships no types
    """Return the signature and code generator of an uninitialised array of ``sizes``."""
    if not all(isinstance(size, types.IntegerLiteral) for size in sizes):
        raise TypingError("a scratch array's sizes are constants of the module")
    shape = [size.literal_value for size in sizes]
    array = types.Array(kind, len(shape), "C")

    def generate(context: Any, builder: ir.IRBuilder, *_: Any) -> Any:  # noqa: ANN401 - the same
        word = context.get_value_type(kind)
        count = 1
        for size in shape:
            count *= size
        # in the function's first block: a loop around it takes no more stack with every turn
        data = cgutils.alloca_once(builder, ir.ArrayType(word, count))
        item = context.get_abi_sizeof(word)
        strides = [item * shape[1] if axis + 1 < len(shape) else item for axis in range(len(shape))]
        out = make_array(array)(context, builder)
        populate_array(
            out,
            data=builder.bitcast(data, out.data.type),
            shape=[context.get_constant(types.intp, size) for size in shape],
            strides=[context.get_constant(types.intp, stride) for stride in strides],
            itemsize=context.get_constant(types.intp, item),
            meminfo=None,
        )
        return out._getvalue()  # noqa: SLF001 - numba's name for an array as a value

    return array(*sizes), generate


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]  # numba ships no types
def scratch(_typing: Any, size: Any) -> Any:  # noqa: ANN401 - numba's own protocol
    """Return an uninitialised float64 array (size,)."""
    return _on_stack(types.float64, size)


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]  # numba ships no types
def scratch_matrix(_typing: Any, rows: Any, columns: Any) -> Any:  # noqa: ANN401 - the same
    """Return an uninitialised float64 array (rows, columns)."""
    return _on_stack(types.float64, rows, columns)


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]  # numba ships no types
def scratch_indices(_typing: Any, size: Any) -> Any:  # noqa: ANN401 - the same
    """Return an uninitialised int64 array (size,)."""
    return _on_stack(types.int64, size)
