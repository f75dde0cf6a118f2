"""One cycle of the law as a report: the same for both controllers."""

import numpy as np

from arm_control.limits import Zone
from arm_control.planning import Planner
from arm_control.report import CycleReport, Fault
from arm_control.safety import KINDS
from spatial import Pose, Vector, Wrench


def report_of(
    planner: Planner,
    state: np.ndarray,
    stamp_ns: int,
    position: Vector,
    fault: Fault | None,
    *,
    paused: bool,
) -> CycleReport:
    """Return what ``state`` (1,) of STATE says, measured at ``stamp_ns`` at ``position`` [rad].

    ``planner`` is the one of that state. Without a latched ``fault`` it is the law's own, in words.
    """
    s = state[0]
    code = int(s["fault"])
    if fault is None and code >= 0:
        fault = Fault(KINDS[code], planner.explain(KINDS[code]), latched=False)
    return CycleReport(
        stamp_ns=stamp_ns,
        phase=planner.phase(),
        zone=Zone(int(s["zone"])),
        done=planner.done(paused=paused),
        progress=planner.progress(),
        position=position,
        base_tip=Pose(s["measured_R"], s["tip_b"]),
        wrench=Wrench(s["force"], s["torque"]),
        contact=bool(s["contact"]),
        normal_force=float(s["normal_force"]),
        strokes=int(s["strokes"]),
        contact_s=float(s["contact_s"]),
        stiffness=float(s["stiffness"]),
        tracking_error=float(s["tracking"]),
        fault=fault,
    )
