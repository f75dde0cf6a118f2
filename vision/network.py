"""The segmentation network on ONNX Runtime, which the booth imports here and nowhere else."""

import hashlib
import json
import math
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix
from vision.confidence import Confidence, Curve
from vision.errors import VisionError
from vision.preprocess import network_input
from vision.segmentation import Model, Segmentation

_OUTPUTS = ["weights", "places", "columns", "seen"]
MADE_OF = "made_of"
"""Under this name a form in bytes carries the hash of the network that it was made of."""

DEFAULT_MODEL = Path(__file__).parent / "models" / "throat.onnx"


class OnnxModel:
    """A network file and the card that belongs to it (``NAME.onnx`` and ``NAME.json``).

    Where the card names the network's form in bytes (``NAME_int8.onnx``) and the processor is made
    for it, that is run, in half the time; with ``exact`` never. With ``boxes`` it reads boxes as
    well (``NAME_boxes.onnx``), each the mean of a look and of its mirror image's, which nothing in
    the booth asks for and which takes more than twice as long.
    Raises VisionError where one is missing or broken, or a file's hash is not the card's. Not
    thread-safe.
    """

    def __init__(
        self,
        path: Path = DEFAULT_MODEL,
        threads: int = 2,
        boxes: bool = False,
        exact: bool = False,
    ) -> None:
        import onnxruntime  # noqa: PLC0415 - heavy, and `import vision` must stay light

        card = _read_card(path.with_suffix(".json"))
        content = _weights(path)
        self._digest = _check(path, content, card.get("sha256"))
        self._confidence = _confidence(path, card, "confidence")
        self._photo_confidence = _confidence(path, card, "photo_confidence")
        in_bytes = "int8_sha256" in card and not exact and multiplies_bytes()
        if in_bytes:
            content = _weights(bytes_path(path))
            _check(bytes_path(path), content, card["int8_sha256"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # threads that spin wake at once within a run, which saves a quarter of its time; between
        # frames they would take a core from the control loop
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._session: Any = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        if in_bytes:
            made_of = self._session.get_modelmeta().custom_metadata_map.get(MADE_OF)
            _check_origin(bytes_path(path), made_of, self._digest)
        self._box_session: Any = None
        if boxes:
            head = _weights(boxes_path(path))
            _check(boxes_path(path), head, card.get("boxes_sha256"))
            self._box_session = onnxruntime.InferenceSession(
                head, options, providers=["CPUExecutionProvider"]
            )

    @property
    def digest(self) -> str:
        """SHA-256 of the network's file as it was trained, hexadecimal."""
        return self._digest

    @property
    def confidence(self) -> Confidence:
        """The card's calibration for frames with depth."""
        return self._confidence

    @property
    def photo_confidence(self) -> Confidence:
        """The card's calibration for photographs."""
        return self._photo_confidence

    def segment(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> Segmentation:
        """Segment a square picture; see the ``Model`` port."""
        size = rgb.shape[0]
        if size % 32 or not 64 <= size <= 640:
            raise VisionError(f"picture side {size} px is not a multiple of 32 from 64 to 640")
        said = self._say(network_input(rgb, depth))
        if self._box_session is None:
            return said
        # shown the other way round it errs otherwise; whoever wants boxes has time for both
        mirrored = np.ascontiguousarray(rgb[:, ::-1])
        behind = None if depth is None else np.ascontiguousarray(depth[:, ::-1])
        other = self._say(network_input(mirrored, behind)).mirrored()
        boxes = [each.boxes for each in (said, other) if each.boxes is not None]
        return replace(said, boxes=np.mean(boxes, axis=0, dtype=np.float32))

    def _say(self, tensor: NDArray[np.float32]) -> Segmentation:
        """Return what the network says of its input (5, S, S)."""
        picture = {"picture": tensor[None]}
        half = tensor.shape[-1] // 2
        if self._box_session is None:
            weights, places, columns, seen = self._session.run(_OUTPUTS, picture)
            weights = weights.reshape(-1, 4, half, half)
            boxes = None
        else:
            weights, places, columns, seen, features = self._session.run(None, picture)
            weights = weights.reshape(-1, 4, half, half)
            parts = (weights / weights.sum(axis=0))[None]
            read = {self._box_session.get_inputs()[0].name: features, "parts": parts, **picture}
            boxes = self._box_session.run(None, read)[0][0]
        rotation = rotation_of_columns(columns[0])
        return Segmentation(weights, places[0], rotation, seen[0], boxes)


def boxes_path(path: Path) -> Path:
    """Return where the box head of the network at ``path`` lies, a file of its own beside it."""
    return path.with_name(f"{path.stem}_boxes{path.suffix}")


def bytes_path(path: Path) -> Path:
    """Return where the form in bytes of the network at ``path`` lies, beside it."""
    return path.with_name(f"{path.stem}_int8{path.suffix}")


@lru_cache(maxsize=1)
def multiplies_bytes() -> bool:
    """Whether the processor sums products of bytes without loss (x86's VNNI).

    Without it ONNX Runtime sums pairs of them in 16 bits, which overflow.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return bool({"avx512_vnni", "avx_vnni"} & set(flags))


def load_network(
    path: Path = DEFAULT_MODEL, threads: int = 2, boxes: bool = False, exact: bool = False
) -> Model:
    """Return the network stored at ``path``, run on ``threads`` CPU threads.

    ``boxes``: whether it reads boxes too, for those who measure or draw them. ``exact``: whether it
    must be run as it was trained. Raises VisionError where the file or its card is missing, or its
    hash is not the card's.
    """
    return OnnxModel(path, threads, boxes, exact)


def rotation_of_columns(columns: NDArray[np.float32]) -> Matrix:
    """Return the rotation (3, 3) nearest in Gram-Schmidt's sense to x and z columns (6,)."""
    # in plain numbers: three vectors are too few for arrays to pay
    given = columns.tolist()
    x = _normed(*given[:3])
    z = _across(x, *given[3:])
    if math.hypot(*z) < 1e-6:  # two parallel columns say nothing about roll: take the picture's up
        z = _across(x, 0.0, -1.0, 0.0)
    z = _normed(*z)
    y = (z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0])
    return np.array([x, y, z]).T


def _normed(a: float, b: float, c: float) -> tuple[float, float, float]:
    length = max(math.hypot(a, b, c), 1e-9)
    return a / length, b / length, c / length


def _across(
    axis: tuple[float, float, float], a: float, b: float, c: float
) -> tuple[float, float, float]:
    """Return what of a vector lies across a unit ``axis``."""
    along = a * axis[0] + b * axis[1] + c * axis[2]
    return a - along * axis[0], b - along * axis[1], c - along * axis[2]


def _weights(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise VisionError(
            f"network {path} cannot be read ({error.strerror}); reinstall, or train it with "
            "`booth vision train`"
        ) from error


def _check(path: Path, content: bytes, hashed: object) -> str:
    """Return the hash of ``content``; raise VisionError where it is not the card's."""
    digest = hashlib.sha256(content).hexdigest()
    if digest != hashed:
        raise VisionError(
            f"network {path} has hash {digest[:12]}, its card says {str(hashed)[:12]}; reinstall, "
            "or calibrate it anew"
        )
    return digest


def _check_origin(path: Path, made_of: str | None, digest: str) -> None:
    if made_of != digest:
        raise VisionError(
            f"{path} was made of network {str(made_of)[:12]}, not of {digest[:12]}; make it anew "
            "with `booth vision quantise`"
        )


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VisionError(f"model card {path} cannot be read ({error}); reinstall") from error
    if not isinstance(card, dict):
        raise VisionError(f"model card {path} is no object; reinstall")
    return card


def _confidence(path: Path, card: dict[str, Any], key: str) -> Confidence:
    given: Any = card.get(key)
    try:
        curves = {
            str(name): Curve(tuple(map(float, c["knots"])), tuple(map(float, c["logits"])))
            for name, c in given["curves"].items()
        }
        return Confidence(float(given["bias"]), curves, float(given["threshold"]))
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise VisionError(
            f"{path.with_suffix('.json')}: {key} is missing or broken ({error!r}); reinstall"
        ) from error
