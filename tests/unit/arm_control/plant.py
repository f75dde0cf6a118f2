"""A fake arm for the controller's tests: perfect or lagging servos, a tip that can meet a wall."""

import numpy as np

from arm_control import ArmInfo, ArmModel, ArmState, ArmStatus, JointCommand
from spatial import Vector, Wrench

BIAS = Wrench((0.3, -0.2, 0.5), (0.01, 0.0, -0.02))


class Plant:
    """Driver and lock-step clock in one: sleeping advances the joints and the wall.

    The wall is a half space in the base: points with (x - point) @ normal < 0 are inside. The shaft
    bends with the tool's stiffness; the wrist reads contact, weight, bias and noise. With
    ``servo_hz`` the joints follow their set-points as critically damped servos do, instead of at
    once; ``mass`` [kg] is the tool's own, where it is not what the model says.
    """

    def __init__(
        self,
        model: ArmModel,
        q: Vector,
        rate_hz: float = 1000.0,
        delay: int = 2,
        noise: float = 0.0,
        servo_hz: float = 0.0,
        mass: float | None = None,
    ) -> None:
        self.info = ArmInfo("plant", model.joint_names, rate_hz, delay / rate_hz, "holds")
        self.model = model
        self.q = np.array(q, dtype=float)
        self.v = np.zeros_like(self.q)
        self.queue = [(self.q.copy(), self.v.copy()) for _ in range(delay)]
        self.now = 1_000_000_000
        self.bias = BIAS
        self.frozen: Wrench | None = None
        self.blind = False
        self.wall: tuple[Vector, Vector, float] | None = None
        self.force = np.zeros(3)
        self.noise = noise
        self.rng = np.random.default_rng(1)
        self.status = ArmStatus.READY
        self.stopped = False
        self.center: Vector | None = None
        self.velocity = np.zeros(3)
        self.acceleration = np.zeros(3)
        self.servo = 2.0 * np.pi * servo_hz
        self.mass = model.tool.mass if mass is None else mass

    def now_ns(self) -> int:
        return self.now

    def sleep_until(self, deadline_ns: int) -> None:
        while self.now < deadline_ns:
            self.step(1.0 / self.info.rate_hz)

    def step(self, dt: float) -> None:
        if self.queue:
            q, v = self.queue.pop(0)
            if not self.queue:
                self.queue.append((q.copy(), v * 0))
            if self.servo:
                pull = self.servo**2 * (q - self.q - self.v * dt) + 2.0 * self.servo * (v - self.v)
                v = self.v + pull * dt
                q = self.q + v * dt
            self.q, self.v = q, v
        self.now += round(dt * 1e9)
        center = self.model.base_flange(self.q).apply(self.model.tool.center_of_mass)
        velocity = (center - self.center) / dt if self.center is not None else np.zeros(3)
        self.acceleration = (velocity - self.velocity) / dt
        self.center, self.velocity = center, velocity
        self._contact()

    def _contact(self) -> None:
        nominal = self.model.base_tip(self.q)
        k_lat = self.model.tool.shaft_stiffness
        if self.wall is None:
            self.force = np.zeros(3)
            return
        point, n, k = self.wall
        u = nominal.rotation[:, 2]
        # implicit: tip displaced from nominal by compliance C (lateral), tissue along n
        sin2 = 1.0 - float(u @ n) ** 2
        depth = -float((nominal.translation - point) @ n)
        if depth <= 0:
            self.force = np.zeros(3)
            self.tip = nominal.translation
            return
        f = depth / (1.0 / k + sin2 / k_lat)
        self.force = f * n
        lat = self.force - (self.force @ u) * u
        self.tip = nominal.translation + lat / k_lat

    def freeze(self) -> None:
        """Let the wrist sensor repeat its last value for ever."""
        self.frozen = self.read().wrench

    def lose_numbers(self) -> None:
        """Let the driver read NaN."""
        self.blind = True

    def mend(self) -> None:
        """Make the arm and its sensor well again."""
        self.frozen = None
        self.blind = False
        self.status = ArmStatus.READY
        self.bias = BIAS

    def read(self) -> ArmState:
        if self.blind:
            return ArmState(self.now, self.q * np.nan, self.v, self.q * 0)
        if self.frozen is not None:
            return ArmState(self.now, self.q, self.v, self.q * 0, self.frozen, self.status)
        s = self.model.base_sensor(self.q)
        tip = self.model.base_tip(self.q).translation
        share = self.mass / self.model.tool.mass
        weight = self.model.tool_weight(self.q)
        weight = Wrench(weight.force * share, weight.torque * share)
        f = s.rotation.T @ self.force
        contact = Wrench(f, np.cross(s.rotation.T @ (tip - s.translation), f))
        inertia = s.rotation.T @ (-self.mass * self.acceleration)
        sensor_center = self.model.tool.flange_sensor.inverse().apply(
            self.model.tool.center_of_mass
        )
        w = contact + weight + self.bias + Wrench(inertia, np.cross(sensor_center, inertia))
        n = self.rng.normal(size=6) * self.noise
        w = Wrench(w.force + n[:3], w.torque + n[3:] * 0.05)
        return ArmState(self.now, self.q, self.v, self.q * 0, w, self.status)

    def write(self, command: JointCommand) -> None:
        self.queue.append((np.array(command.position), np.array(command.velocity)))
        if len(self.queue) > max(1, round(self.info.command_delay_s * self.info.rate_hz)) + 1:
            self.queue.pop(0)

    def stop(self) -> None:
        self.stopped = True

    def reset(self) -> None:
        self.stopped = False

    def close(self) -> None:
        self.stopped = True
