"""Memory that begins with a line of the cache.

Vectors as long as a line then lie in one line each, and threads that write to whole lines of a matrix never to the
same one, which would go back and forth between their caches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LINE = 64  # bytes; some processors have longer ones


def zeros(count: int, dtype: Any) -> NDArray[Any]:
    """A vector of so many zeros."""
    size = count * np.dtype(dtype).itemsize
    memory = np.zeros(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size].view(dtype)
