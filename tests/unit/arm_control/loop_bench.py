"""A bench whose arm is driven by the real-time loop, cycle by cycle, without a clock."""

import numpy as np

from arm_control import ArmModel, CycleReport, Fault, Limits
from arm_control.configuration import configure
from arm_control.exchange import SETPOINT, Exchange
from arm_control.loop import RealTimeLoop
from arm_control.loop_controller import LoopController
from arm_control.memory import record
from arm_control.monitor import VERDICT
from arm_control.pump import Pump
from arm_control.safety import KINDS, OK, SAMPLE, LocalSafety
from arm_control.shared import publish, snapshot
from spatial import Vector
from tests.unit.arm_control.plant import Plant
from tests.unit.arm_control.rig import HOME
from tests.unit.arm_control.test_controller import SWAY, Bench


class LoopBench(Bench):
    """Plant, pump, loop, monitor's rules and controller in one thread; a turn is a cycle of all."""

    first = 1  # its controller comes to be while the first cycle runs

    def __init__(
        self,
        model: ArmModel,
        limits: Limits,
        exchange: Exchange,
        sway: float = SWAY,
        stands: Vector = HOME,
    ) -> None:
        self.plant = Plant(model, stands, noise=0.003)
        self.exchange = exchange
        self.sway = sway
        self.camera = True
        self.wall = None
        self.cycles = 0
        self.commands: list[Vector] = []
        self.reports: list[CycleReport] = []
        self.safety = LocalSafety.for_arm(model, limits, self.plant.info)
        self.dead: set[str] = set()
        self.resets: list[str] = []
        self._sample, self._verdict = record(SAMPLE), record(VERDICT)
        self.samples = np.zeros(SAMPLE.itemsize // 8 + 1, np.uint64)
        self.verdicts = np.zeros(VERDICT.itemsize // 8 + 1, np.uint64)
        self._setpoint = record(SETPOINT)
        self.pump = Pump(self.plant, exchange, self.plant.now_ns)
        self._verdict["fault"] = OK
        self.found: Fault | None = None
        config = configure(model, limits, self.plant.info)
        self.loop = RealTimeLoop(
            config,
            exchange,
            (self.samples, self.verdicts),
            black_box_s=1.0,
            posture=HOME,
            view_s=0.0,
        )
        self.steering: LoopController | None = None
        self.steering = self.controller = LoopController(  # type: ignore[assignment]  # stands for it
            exchange, self, model, limits, self.plant.info, posture=HOME,
            now_ns=self.plant.now_ns, nap=self.turn,
        )  # fmt: skip
        for _ in range(250 - self.cycles):
            self.cycle()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(self.dead)

    @property
    def fault(self) -> Fault | None:
        return self.found

    def recover(self) -> None:
        self.pump.reset()
        self.plant.queue = [(self.plant.q.copy(), self.plant.v * 0)] * 2

    def reset(self, by: str) -> None:
        self.resets.append(by)
        self.safety.reset(by)
        self.found = None
        self._verdict["fault"] = OK

    def turn(self) -> None:
        self.plant.sleep_until(self.plant.now + 1_000_000)
        mouth = self.mouth()
        if self.camera and self.cycles % 33 == self.first and self.steering is not None:
            self.steering.follow(mouth)
        if self.wall is not None:
            point, normal, stiffness = self.wall
            pose = mouth.base_mouth
            self.plant.wall = (pose.apply(point), pose.rotate(normal), stiffness)
        self.cycles += 1
        self.pump._pass_measurement()
        if "loop" not in self.dead:
            self.judge()
            self.loop.step(self.plant.now)
            self.exchange.setpoint.read(self._setpoint)
            self.commands.append(self._setpoint["q"][0, : self.plant.model.joints].copy())
        self.pump._pass_setpoint()

    def judge(self) -> None:
        """Judge the sample before, as the monitor does beside the loop."""
        if self.samples[0] and snapshot(self.samples, self._sample.view(np.uint64), 1):
            self.found = self.safety.check(self._sample)
        self._verdict["stamp"] = self.plant.now
        self._verdict["fault"] = OK if self.found is None else KINDS.index(self.found.kind)
        publish(self.verdicts, self._verdict.view(np.uint64))

    def cycle(self) -> CycleReport:
        self.turn()
        report = self.controller.cycle()
        self.reports.append(report)
        return report
