"""What a session has the arm do, as lists of steps: swab, way to the mouth, tube, bin."""

from arm_control.motion import Enter, MoveTip, Reference
from station.corridor import Way
from station.errand import Act, Step
from station.places import Places
from station.swab import SwabHolder

AWAY, FACE, AT_RACK = 0.5, 0.14, 0.15  # m/s of the tip: far from people, near a face, at a rack
_BEFORE_LIPS = 0.015  # m: from here on the swab moves at the mouth's pace
_RETREAT = 0.012  # m before a site, on its corridor, where the tip comes in from the last one


def take_swab(swab: SwabHolder, places: Places) -> list[Step]:
    """Take a fresh swab, unless one is held, and come to rest beside the person.

    A used one goes to the bin by the place at which a session leaves the face: from rest straight
    across to the bin, or from before the face, a joint comes to its end.
    """
    away = MoveTip(places.base_exit, speed=FACE)
    steps: list[Step] = [away, *discard(swab, places)] if swab.used else []
    if steps or not swab.holding:
        above = places.before(places.base_swab_rack)
        steps += [
            MoveTip(above, speed=AWAY),
            MoveTip(places.base_swab_rack, speed=AT_RACK),
            Act(swab.grasp),
            MoveTip(above, speed=AT_RACK),
        ]
    return [*steps, MoveTip(places.base_rest, speed=AWAY)]


def approach(way: Way) -> list[Step]:
    """Come up to the lips, lined up with the corridor; the look-out lies straight before them."""
    return [MoveTip(way.mouth_tip(-_BEFORE_LIPS), Reference.MOUTH, FACE)]


def enter(way: Way, before: Way | None, speed: float) -> list[Step]:
    """Go in along the corridor; from the site ``before``, if any, draw back across first.

    The straight way across leads off the tissue of the one site, and before the other.
    """
    across: list[Step] = []
    if before is not None:
        depth = max(0.0, min(before.depth, way.depth) - _RETREAT)
        across = [MoveTip(way.mouth_tip(depth), Reference.MOUTH, speed)]
    return [*across, Enter(way.corridor, way.depth, speed)]


def discard(swab: SwabHolder, places: Places) -> list[Step]:
    """Let a used swab fall into the bin."""
    over = places.before(places.base_bin)
    return [MoveTip(over, speed=AWAY), Act(swab.release)]


def deposit(swab: SwabHolder, places: Places) -> list[Step]:
    """Leave the swab in its tube."""
    above = places.before(places.base_tube_rack)
    return [
        MoveTip(above, speed=AWAY),
        MoveTip(places.base_tube_rack, speed=AT_RACK),
        Act(swab.release),
        MoveTip(above, speed=AT_RACK),
    ]
