"""The compiled passes over a picture: what the lens and the sensor do, what the matcher sees."""

import numpy as np
from numpy.typing import NDArray

from sim.anatomy.compiled import compiled

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@compiled
def _reflected(i: int, n: int) -> int:
    """Return the index that a border mirrors ``i`` to: -1 is 1, n is n - 2."""
    while i < 0 or i >= n:
        i = -i if i < 0 else 2 * n - 2 - i
    return i


@compiled
def _blur_columns(flat: Bytes | Floats, row: int, taps: Floats, out: Floats) -> None:
    """Write ``row`` (3 W,) of a picture blurred along its columns to ``out``."""
    height, n = flat.shape
    here = flat[row]
    for j in range(n):
        out[j] = taps[0] * np.float32(here[j])
    for k in range(1, len(taps)):
        above, below = flat[_reflected(row - k, height)], flat[_reflected(row + k, height)]
        w = taps[k]
        for j in range(n):
            out[j] += w * (np.float32(above[j]) + np.float32(below[j]))


@compiled
def _blur_row(padded: Floats, taps: Floats, out: Floats) -> None:
    """Blur a row of three channels; ``padded`` leaves room for the mirrored ends."""
    reach, n = len(taps) - 1, len(out)
    first, width = 3 * reach, n // 3
    for k in range(1, reach + 1):
        left, right = 3 * _reflected(-k, width), 3 * _reflected(width - 1 + k, width)
        for c in range(3):
            padded[first - 3 * k + c] = padded[first + left + c]
            padded[first + n - 3 + 3 * k + c] = padded[first + right + c]
    for j in range(n):
        out[j] = taps[0] * padded[first + j]
    for k in range(1, reach + 1):
        before, after = padded[first - 3 * k :], padded[first + 3 * k :]
        w = taps[k]
        for j in range(n):
            out[j] += w * (before[j] + after[j])


@compiled
def expose(
    light: Bytes | Floats,
    taps: Floats,
    pool: Floats,
    places: NDArray[np.int64],
    read: float,
    shot: float,
    out: Bytes,
) -> None:
    """Blur a picture and add shot and read noise.

    ``light`` (H, W, 3) in grey levels; ``taps`` (r + 1,) the blur's weights from its middle
    outwards; ``pool`` and ``places`` (H,) as of `sim.cameras.grain`; ``read`` [levels] and
    ``shot`` [levels per square root of a level]; ``out`` (H, W, 3).
    """
    height, width = light.shape[0], light.shape[1]
    n, first = 3 * width, 3 * (len(taps) - 1)
    flat, flat_out = light.reshape(height, n), out.reshape(height, n)
    base, gain = np.float32(read * read), np.float32(shot * shot)
    zero, half, top = np.float32(0.0), np.float32(0.5), np.float32(255.0)
    padded, value = np.empty(n + 2 * first, np.float32), np.empty(n, np.float32)
    for row in range(height):
        _blur_columns(flat, row, taps, padded[first : first + n])
        _blur_row(padded, taps, value)
        noise, target = pool[places[row] :], flat_out[row]
        for j in range(n):
            v = value[j]
            v += noise[j] * np.sqrt(base + gain * max(v, zero)) + half
            target[j] = np.uint8(min(max(v, zero), top))


@compiled
def _slope(depth: Floats, row: int, out: Floats) -> None:
    """Write the slope of a row [m a px, times 8] by Sobel's kernels to ``out`` (W,)."""
    height, width = depth.shape
    a, b, c = depth[_reflected(row - 1, height)], depth[row], depth[_reflected(row + 1, height)]
    two = np.float32(2.0)
    for x in range(1, width - 1):
        across = (a[x + 1] - a[x - 1]) + two * (b[x + 1] - b[x - 1]) + (c[x + 1] - c[x - 1])
        along = (c[x - 1] - a[x - 1]) + two * (c[x] - a[x]) + (c[x + 1] - a[x + 1])
        out[x] = abs(across) + abs(along)
    for x, inner in ((0, 1), (width - 1, width - 2)):
        out[x] = abs(two * (c[inner] - a[inner]) + two * (c[x] - a[x]))


@compiled
def _hide(disparity: Floats, search: int, out: Floats) -> None:
    """Lose what the second eye does not see behind an edge up to ``search`` px to the left."""
    edge = 0
    for x in range(len(out)):
        here = disparity[x] + np.float32(x)
        reach = disparity[edge] + np.float32(edge)
        if reach <= here:
            edge = x
        elif x - edge <= search:
            out[x] = np.float32(np.nan)
        else:
            for step in range(1, search + 1):
                if disparity[x - step] - disparity[x] > np.float32(step):
                    out[x] = np.float32(np.nan)
                    break


@compiled
def match(
    depth: Floats,
    near: Floats,
    ragged: Floats,
    noise: Floats,
    grey: Bytes,
    bright: Bytes,
    patches: Floats,
    labels: Bytes,
    stereo: tuple[float, float, float, float, float, float, float, int],
    out: Floats,
) -> None:
    """Measure depth by disparity, and lose it where a matcher would.

    Everything is (H, W): true ``depth`` and the ``near``est around [m], taken where ``ragged``
    exceeds 1 / 2; ``noise`` of unit variance; ``grey`` levels and their 3x3 maximum ``bright``;
    ``patches`` in [0, 1]; part ``labels``. ``stereo`` holds f b [px m], f [px], disparity noise
    [px], unit, minimum and maximum range [m], the share of holes on mucosa, and the search range
    [px] behind an edge. Where nothing is measured ``out`` is NaN.
    """
    fb, f, sigma, unit, low, high, holes, search = stereo
    height, width = depth.shape
    fb4, sigma4, unit4 = np.float32(fb), np.float32(sigma), np.float32(unit)
    low4, high4, holes4 = np.float32(low), np.float32(high), np.float32(holes)
    per_unit = np.float32(1.0 / unit)
    steep = np.float32(5.0 * 8.0 / f)  # times depth: a slope of 5, and Sobel's kernel adds up to 8
    tiny, thin, half = np.float32(1e-3), np.float32(1e-4), np.float32(0.5)
    none, many, most, all_ = np.float32(-9), np.float32(0.8), np.float32(0.75), np.float32(9)
    nan = np.float32(np.nan)
    disparity = np.empty(width, np.float32)
    slope = np.empty(width, np.float32)
    share = np.empty(width, np.float32)  # of the patches in which a pixel is lost
    for row in range(height):
        _slope(depth, row, slope)
        z_true = depth[row]
        dark, glare, part = grey[row], bright[row], labels[row]
        for x in range(width):
            # smooth wet mucosa gives the matcher nothing to hold on to
            lost = holes4 if (part[x] >= 4) & (part[x] <= 15) else none
            lost = max(lost, most if dark[x] < 14 else none)
            share[x] = all_ if glare[x] > 247 else lost
        fat, rough, grain = near[row], ragged[row], noise[row]
        patch, target = patches[row], out[row]
        for x in range(width):
            disparity[x] = fb4 / max(fat[x] if rough[x] > half else z_true[x], tiny)
        for x in range(width):
            z = fb4 / max(disparity[x] + sigma4 * grain[x], thin)
            z = np.rint(z * per_unit) * unit4
            lost = max(share[x], many if slope[x] > steep * max(z_true[x], tiny) else none)
            lost = all_ if (z < low4) | (z > high4) else lost
            target[x] = nan if patch[x] < lost else z
        _hide(disparity, search, target)
