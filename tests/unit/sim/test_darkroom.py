import os
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from sim.darkroom import Darkroom
from sim.errors import SimError
from sim.eye import EyeModel
from sim.person import Person
from sim.scene import Scene
from sim.snapshot import Snapshot
from sim.world import Options, World
from vision.camera import NoFrame
from vision.frame import Frame, Intrinsics

SIZE = (16, 20)


class Speckled:
    """Paints noise, and in one corner how far the mouth is open [mm]."""

    intrinsics = Intrinsics(SIZE[1], SIZE[0], 16.0, 16.0, 10.0, 8.0)

    def paint(self, snapshot: Snapshot, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        rgb = rng.integers(0, 255, (*SIZE, 3), dtype=np.uint8)
        rgb[0, 0] = 0 if snapshot.cavity is None else round(1e3 * snapshot.cavity.opening)
        return rgb, rng.random(SIZE, dtype=np.float32)

    def close(self) -> None:
        pass


class Blind(Speckled):
    """Has no OpenGL."""

    def __init__(self) -> None:
        raise SimError("no off-screen OpenGL here")


class Dying(Speckled):
    """Dies over its first picture."""

    def paint(self, snapshot: Snapshot, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        os._exit(1 + (snapshot.stamp_ns + int(rng.integers(2))) % 2)


def watch(
    make: Callable[[], object], every_ns: int = 33_000_000
) -> list[tuple[int, int, bytes, bytes]]:
    """Return what a camera shows of a person who opens the mouth and leaves."""
    shown: list[tuple[int, int, bytes, bytes]] = []
    with World(Scene(), 3, Options(eye=EyeModel(painter=make))) as world:  # type: ignore[arg-type]
        world.seat(Person.sample(3))
        world.cue("say_ah")
        world.clock.sleep_until(600_000_000)
        while world.now_s < 1.6:
            if world.person and world.now_s > 1.2:
                world.dismiss()
            world.clock.sleep_until(world.clock.now_ns() + every_ns)
            frame = world.camera.next_frame(0.0)
            if isinstance(frame, Frame):
                rgb, depth = frame.rgb.tobytes(), frame.depth.tobytes()
                shown.append((frame.stamp_ns, int(frame.rgb[0, 0, 0]), rgb, depth))
            else:
                assert isinstance(frame, NoFrame)
    return shown


def test_pictures_are_the_same_whoever_paints_them() -> None:
    alone = watch(partial(Darkroom, Speckled, 1))
    together = watch(partial(Darkroom, Speckled, 3))
    assert len(alone) >= 20
    assert alone == together
    assert [row[:2] for row in alone] == [row[:2] for row in watch(Speckled)]  # but for the noise
    openings = [row[1] for row in alone]
    assert max(openings) > openings[0] > 0
    assert openings[-1] == 0


def test_who_looks_seldom_sees_the_same_as_who_looks_often() -> None:
    often = {row[0]: row for row in watch(partial(Darkroom, Speckled, 2))}
    seldom = watch(partial(Darkroom, Speckled, 2, ahead=2), every_ns=165_000_000)
    both = [row for row in seldom if row[0] in often]
    assert len(both) >= 3
    assert all(row == often[row[0]] for row in both)


def test_a_helper_that_cannot_paint_is_told() -> None:
    with pytest.raises(SimError, match="no off-screen OpenGL here"):
        watch(partial(Darkroom, Blind))
    with pytest.raises(SimError, match="has died"):
        watch(partial(Darkroom, Dying))
    with pytest.raises(SimError, match="outside 1 to 16"):
        Darkroom(Speckled, 0)
