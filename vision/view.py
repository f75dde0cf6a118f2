"""One look of the model at a crop of a frame, brought back to the camera's pixels."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Vector
from vision.frame import Intrinsics
from vision.kernels import sums_of
from vision.preprocess import Crop, cut, view_optical
from vision.segmentation import PLACES, Model, Place, Segmentation
from vision.structure import Structure

_FINEST = 1.6  # grid pixels that one of the model's may fill; finer tells nothing new


@dataclass(frozen=True, eq=False)
class View:
    """A crop of a picture, what the model says of it, and its measured depth.

    All maps lie on a grid of the camera's own pixels: column i is pixel ``left + step i``. So no
    depth pixel counts twice however much the model's picture was enlarged. ``depth`` (h, w) [m] is
    NaN where nothing was measured, everywhere so in a photograph.
    """

    crop: Crop
    segmentation: Segmentation
    left: int
    top: int
    step: int
    depth: NDArray[np.float32]

    @classmethod
    def look(
        cls,
        model: Model,
        rgb: NDArray[np.uint8],
        depth: NDArray[np.float32] | None,
        crop: Crop,
        size: int,
    ) -> "View":
        """Cut ``crop`` out of the picture, have the model segment it at ``size`` pixels.

        Raises VisionError where the model refuses the size.
        """
        segmentation = model.segment(*cut(rgb, depth, crop, size))
        if depth is None:
            return cls.of_photo(segmentation, rgb.shape[:2], crop, size)
        left, top, step, (height, width) = _grid(depth.shape, crop, size)
        bottom, right = top + step * height, left + step * width
        return cls(crop, segmentation, left, top, step, depth[top:bottom:step, left:right:step])

    @classmethod
    def of_photo(
        cls, segmentation: Segmentation, picture: tuple[int, ...], crop: Crop, size: int
    ) -> "View":
        """Return the view of ``crop`` in a picture (height, width) [px] without depth.

        ``size`` [px] is what the model was shown of the crop.
        """
        left, top, step, shape = _grid(picture, crop, size)
        empty = np.full(shape, np.nan, dtype=np.float32)
        return cls(crop, segmentation, left, top, step, empty)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the grid."""
        return self.depth.shape[0], self.depth.shape[1]

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """Where depth was really measured."""
        return np.asarray((self.depth > 0) & (self.depth < np.inf))  # not a number is neither

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        """The likeliest structure of every grid pixel."""
        return np.asarray(
            cv2.warpAffine(
                self.cells,
                self._from_cells(self.cells.shape[0]),
                self.shape[::-1],
                flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            ),
            dtype=np.uint8,
        )

    @cached_property
    def cells(self) -> NDArray[np.uint8]:
        """The likeliest structure of every pixel of the model's square (S, S)."""
        return self.segmentation.likeliest[0]

    @cached_property
    def certainty(self) -> Vector:
        """How sure the model is of each structure where it is the likeliest, mean; 0 if nowhere."""
        counts, sums = self._held
        return sums / np.maximum(counts, 1)

    @property
    def counts(self) -> NDArray[np.intp]:
        """How many pixels of the model's square show each structure."""
        return self._held[0]

    @cached_property
    def _held(self) -> tuple[NDArray[np.intp], Vector]:
        return sums_of(*self.segmentation.likeliest, len(Structure))

    def near(self, row: float, column: float, reach: float) -> tuple["View", slice, slice]:
        """Return the part within ``reach`` grid pixels of a place, and its rows and columns."""
        top, left = max(0, int(row - reach)), max(0, int(column - reach))
        rows = slice(top, min(self.shape[0], int(row + reach) + 2))
        columns = slice(left, min(self.shape[1], int(column + reach) + 2))
        part = View(
            self.crop,
            self.segmentation,
            self.left + self.step * left,
            self.top + self.step * top,
            self.step,
            self.depth[rows, columns],
        )
        return part, rows, columns

    def probability(self, structures: Iterable[Structure]) -> NDArray[np.float32]:
        """Return the probability (h, w) that a pixel shows one of ``structures``."""
        size = 2 * self.segmentation.weights.shape[-1]
        onto, (height, width) = self._from_cells(size), self.shape
        # of a part of the view few cells are asked for
        rows = _reached(onto[1, 1], onto[1, 2], height, size)
        columns = _reached(onto[0, 0], onto[0, 2], width, size)
        onto[:, 2] -= columns.start, rows.start
        return self._warped(self.segmentation.probability_of(structures, rows, columns), onto)

    def place(self, place: Place) -> NDArray[np.float32]:
        """Return the map (h, w) of where ``place`` is."""
        cells = self.segmentation.places[PLACES.index(place)]
        return self._warped(cells, self._from_cells(len(cells)))

    def pixel_of(self, place: Place) -> Vector:
        """Return the pixel (2,) of the picture where ``place`` is likeliest to be seen."""
        cells = self.segmentation.places[PLACES.index(place)]
        (row, column), _ = peak(cells, max(2, len(cells) // 10))
        scale = self.crop.side / len(cells)
        return (
            np.array([self.crop.left, self.crop.top])
            + scale * np.array([column + 0.5, row + 0.5])
            - 0.5
        )

    def mask(self, structures: Iterable[Structure]) -> NDArray[np.bool_]:
        """Return where the likeliest structure is one of ``structures`` (h, w)."""
        return is_one_of(self.labels, structures)

    def cells_of(self, structures: Iterable[Structure]) -> NDArray[np.bool_]:
        """Return where in the model's square one of ``structures`` is the likeliest (S, S)."""
        return is_one_of(self.cells, structures)

    def pixels(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the picture's pixels (n, 2) of grid rows and columns (n,)."""
        return np.stack([self.left + self.step * columns, self.top + self.step * rows], axis=1)

    def slopes(self, intrinsics: Intrinsics) -> tuple[Vector, Vector]:
        """Return x / z of the rays through columns (w,), and y / z of those through rows (h,)."""
        height, width = self.shape
        columns = self.left + self.step * np.arange(width, dtype=np.float64)
        rows = self.top + self.step * np.arange(height, dtype=np.float64)
        across = (columns - intrinsics.cx) / intrinsics.fx
        return across, (rows - intrinsics.cy) / intrinsics.fy

    def points(
        self, mask: NDArray[np.bool_], intrinsics: Intrinsics, enough: int | None = None
    ) -> Matrix:
        """Return the optical-frame points (n, 3) [m] of the measured pixels in ``mask``.

        With ``enough`` only every k-th, so that at least so many are left of more.
        """
        places = np.flatnonzero(mask & self.valid)
        if enough is not None:
            places = places[:: max(1, len(places) // enough)]
        rows, columns = np.divmod(places, self.shape[1])
        across, down = self.slopes(intrinsics)
        points = np.empty((len(places), 3))
        points[:, 2] = z = self.depth[rows, columns]
        points[:, 0], points[:, 1] = across[columns] * z, down[rows] * z
        return points

    def rotation(self, intrinsics: Intrinsics) -> Matrix:
        """Return the rotation (3, 3) of optical_mouth the model sees."""
        turn = view_optical(intrinsics, self.crop)
        return np.asarray(turn.T @ self.segmentation.rotation)

    def _from_cells(self, cells: int) -> NDArray[np.float64]:
        """Return the affine map (2, 3) from grid pixels to a map of the model, ``cells`` a side."""
        to_cells = self.crop.to_square(cells)  # picture pixel -> cell
        grid = to_cells.copy()
        grid[:, :2] *= self.step
        grid[:, 2] = to_cells[:, :2] @ (self.left, self.top) + to_cells[:, 2]
        return grid

    def _warped(self, cells: NDArray[np.float32], onto: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return a map of the model on the grid (h, w), whose pixels lie in it as ``onto`` says."""
        return np.asarray(
            cv2.warpAffine(
                cells,
                onto,
                self.shape[::-1],
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            dtype=np.float32,
        )


def _grid(picture: tuple[int, ...], crop: Crop, size: int) -> tuple[int, int, int, tuple[int, int]]:
    """Return left, top, step and shape of the grid that covers ``crop``.

    ``picture`` is height and width [px]; the grid keeps within it. ``size`` [px] is what the model
    is shown of the crop.
    """
    height, width = picture
    left, top = min(max(0, ceil(crop.left)), width - 1), min(max(0, ceil(crop.top)), height - 1)
    right = min(width, max(left + 1, int(crop.left + crop.side)))
    bottom = min(height, max(top + 1, int(crop.top + crop.side)))
    step = max(1, ceil(crop.side / (_FINEST * size)))
    return left, top, step, (-(-(bottom - top) // step), -(-(right - left) // step))


def _reached(scale: float, shift: float, count: int, size: int) -> slice:
    """Return which of ``size`` cells lie about ``scale`` k + ``shift``, k < ``count``, evenly."""
    first = min(max(int(shift) - 2, 0), size - 2)
    last = min(max(int(shift + scale * (count - 1)) + 4, first + 2), size)
    return slice(first // 2 * 2, -(-last // 2) * 2)


def is_one_of(labels: NDArray[np.uint8], structures: Iterable[Structure]) -> NDArray[np.bool_]:
    """Return where ``labels`` is one of ``structures``, by a table: far faster than a search."""
    return np.asarray(cv2.LUT(labels, _table(tuple(structures)))).view(np.bool_)


@lru_cache(maxsize=64)
def _table(structures: tuple[Structure, ...]) -> NDArray[np.uint8]:
    table = np.zeros(256, dtype=np.uint8)
    table[[int(s) for s in structures]] = 1
    return table


def rays(pixels: NDArray[np.float64], intrinsics: Intrinsics) -> Matrix:
    """Return the directions (n, 3) with z = 1 through pixels (n, 2)."""
    return np.stack(
        [
            (pixels[:, 0] - intrinsics.cx) / intrinsics.fx,
            (pixels[:, 1] - intrinsics.cy) / intrinsics.fy,
            np.ones(len(pixels)),
        ],
        axis=1,
    )


def peak(place: NDArray[np.float32], radius: int) -> tuple[Vector, float]:
    """Return the peak (row, column) of a map, refined, and the share of the map around it.

    The mean over the square of ``radius`` about the maximum (Nibali et al. 2018's soft-argmax,
    kept local so that a second peak does not pull it off the first).
    """
    row, column = np.unravel_index(int(np.argmax(place)), place.shape)
    top, left = max(0, int(row) - radius), max(0, int(column) - radius)
    patch = place[top : int(row) + radius + 1, left : int(column) + radius + 1].astype(np.float64)
    total = float(patch.sum())
    whole = float(place.sum())
    if total <= 0.0 or whole <= 0.0:
        return np.array([row, column], dtype=np.float64), 0.0
    rows = (patch.sum(axis=1) * np.arange(top, top + patch.shape[0])).sum() / total
    columns = (patch.sum(axis=0) * np.arange(left, left + patch.shape[1])).sum() / total
    return np.array([rows, columns]), total / whole
