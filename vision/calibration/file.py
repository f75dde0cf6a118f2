"""One booth's calibration: a dated file, read back only when it is whole, young and believable."""

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from spatial import Pose, Vector, vector
from vision.calibration.errors import CalibrationError

SCHEMA = 1
MAX_AGE = timedelta(days=30)
"""A calibration older than this is refused: screws loosen, and swab holders are changed."""

_BOUNDS: dict[str, tuple[float, float]] = {
    "depth_scale": (0.95, 1.05),
    "reprojection_px": (0.0, 1.0),
    "hand_eye_mm": (0.0, 0.5),
    "hand_eye_deg": (0.0, 0.2),
    "tip_mm": (0.0, 0.5),
    "tool_mass": (0.05, 5.0),
}
_LATER = {"tool_mass", "tool_center"}  # weighed after the rest, or never


@dataclass(frozen=True, slots=True, eq=False)
class BoothCalibration:
    """What was found, when, on which camera, and how well.

    ``flange_camera``; ``flange_tip`` (3,) [m]; ``base_board`` where the check board hangs;
    ``depth_scale`` true over measured. ``reprojection_px`` root mean square; ``hand_eye_mm``,
    ``hand_eye_deg`` and ``tip_mm`` bound the errors with 95 % confidence. ``tool_mass`` [kg] and
    ``tool_center`` (3,) [m] on the flange, once `booth arm weigh` has weighed the tool. Raises
    CalibrationError where one of them is out of bounds.
    """

    booth: str
    camera: str
    made_at: datetime
    flange_camera: Pose
    flange_tip: Vector
    base_board: Pose
    depth_scale: float
    reprojection_px: float
    hand_eye_mm: float
    hand_eye_deg: float
    tip_mm: float
    tool_mass: float | None = None
    tool_center: Vector | None = None

    def __post_init__(self) -> None:
        if self.made_at.tzinfo is None:
            raise CalibrationError(f"made_at {self.made_at} has no time zone; write it in UTC")
        object.__setattr__(self, "flange_tip", vector(self.flange_tip, 3, "flange tip"))
        if (self.tool_mass is None) is not (self.tool_center is None):
            raise CalibrationError("tool_mass and tool_center go together; run `booth arm weigh`")
        if self.tool_center is not None:
            object.__setattr__(self, "tool_center", vector(self.tool_center, 3, "tool center"))
        for name, (low, high) in _BOUNDS.items():
            if name in _LATER and getattr(self, name) is None:
                continue
            value = float(getattr(self, name))
            if not low <= value <= high:
                raise CalibrationError(
                    f"{name} = {value:.4g} is outside {low} to {high}; calibrate anew"
                )

    def write(self, path: Path) -> None:
        """Write the file; an older one of the same name is kept beside it, under its date."""
        if path.exists():
            old = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
            path.rename(path.with_name(f"{path.stem}.{old:%Y%m%dT%H%M%SZ}{path.suffix}"))
        values = {
            item.name: _plain(value)
            for item in fields(self)
            if (value := getattr(self, item.name)) is not None
        }
        path.write_text(json.dumps({"schema": SCHEMA, **values}, indent=2) + "\n", "utf-8")

    @classmethod
    def read(
        cls, path: Path, camera: str | None, now: datetime, max_age: timedelta = MAX_AGE
    ) -> Self:
        """Return the calibration in ``path``, which must be of ``camera`` and young enough at now.

        ``camera`` is None for a reader that has none to compare. Raises CalibrationError naming
        file, key and bound.
        """
        try:
            given = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise CalibrationError(
                f"{path} cannot be read ({error}); run `booth calibrate`"
            ) from error
        expected = {item.name for item in fields(cls)} | {"schema"}
        keys = set(given) if isinstance(given, dict) else set()
        if not isinstance(given, dict) or not expected - _LATER <= keys <= expected:
            raise CalibrationError(
                f"{path}: keys missing {sorted(expected - _LATER - keys)}, unknown "
                f"{sorted(keys - expected)}; run `booth calibrate`"
            )
        if given.pop("schema") != SCHEMA:
            raise CalibrationError(f"{path}: schema is not {SCHEMA}; run `booth calibrate`")
        try:
            found = cls(
                **{
                    **given,
                    "made_at": datetime.fromisoformat(given["made_at"]),
                    "flange_camera": _pose(given["flange_camera"]),
                    "base_board": _pose(given["base_board"]),
                }
            )
        except (ValueError, TypeError, KeyError, CalibrationError) as error:
            raise CalibrationError(f"{path}: {error}") from error
        if camera is not None and found.camera != camera:
            raise CalibrationError(
                f"{path}: made with camera {found.camera!r}, now {camera!r}; calibrate this one"
            )
        age = now - found.made_at
        if not timedelta(0) <= age <= max_age:
            raise CalibrationError(
                f"{path}: {age.total_seconds() / 86400:.1f} days old, bounds 0 to "
                f"{max_age.total_seconds() / 86400:.0f}; run `booth calibrate`"
            )
        return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of the calibration
    if isinstance(value, Pose):
        return {
            "quaternion_wxyz": value.quaternion().tolist(),
            "translation_m": value.translation.tolist(),
        }
    if isinstance(value, datetime):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value


def _pose(given: dict[str, list[float]]) -> Pose:
    return Pose.from_quaternion(given["quaternion_wxyz"], given["translation_m"])
