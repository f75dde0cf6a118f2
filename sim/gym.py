"""A Gymnasium environment over the same world: swab_booth/CollectSample-v0.

Import this module, then ``gymnasium.make("swab_booth/CollectSample-v0")``. An action moves the
tip of a compliant, position-controlled arm in the mouth frame; what a policy sees is what a booth
could know: joint state, wrist wrench without the tool's weight and bias, and a noisy tracked mouth
and target. Reward is progress towards and over the site, less force beyond the set-point.
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from arm_control.ports import ArmStatus, JointCommand
from sim.anatomy import SITE_PARTS
from sim.arms import joint_limits
from sim.cues import Cue
from sim.errors import SimError
from sim.person import Person
from sim.scene import Scene
from sim.world import World
from spatial import Pose, vector
from vision.target import Site

ENV_ID = "swab_booth/CollectSample-v0"

_CONTROL_S = 0.02
_LIMIT_S = 20.0
_OPENING_S = 2.5
_STEP = 0.002  # [m] the tip moves at most in one action: 0.1 m/s
_SETPOINT, _TOLERABLE = 0.3, 2.4
_TARGET_SIGMA, _MOUTH_SIGMA = 0.0015, 0.0005
_DAMPING = 0.02
_PRESSED_S = 0.6  # of contact in the window of force on the site make a sample
_WINDOW = (0.1, 0.6)

Observation = NDArray[np.float32]


class CollectSample(gymnasium.Env[Observation, NDArray[np.float32]]):
    """Touch one site of one person's throat gently and long enough.

    The observation (24,): tip in the mouth frame (3) [m], target minus tip (3) [m], the site's
    normal (3), force on the tip in the mouth frame (3) [N], mouth velocity (3) [m/s], opening [m],
    share of the contact time done, joint positions less home (7) [rad], zero beyond the arm's. The
    action (3,) in [-1, 1] moves the
    commanded tip by up to 2 mm in 20 ms along the mouth's axes; the shaft keeps pointing at the
    target's depth along the mouth.

    Parameters
    ----------
    scene
        The booth; its arm must have at most seven joints.
    population
        Who sits down; a new person every episode.
    render_mode
        ``rgb_array`` paints the eye-in-hand camera's view.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012 - gymnasium's form

    def __init__(
        self,
        scene: Scene | None = None,
        population: str = "adult",
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise SimError(f"render mode {render_mode!r} is unknown; choose rgb_array or None")
        self.render_mode = render_mode
        self._scene = scene or Scene(control_rate_hz=500.0)
        self._population = population
        self._model = self._scene.arm_model()
        self._low, self._high = joint_limits(self._scene.arm)
        self._world: World | None = None
        self._painter: Any = None
        self.action_space = spaces.Box(-1.0, 1.0, (3,), np.float32)
        bound = np.array(
            [1.0] * 3 + [1.0] * 3 + [1.0] * 3 + [100.0] * 3 + [2.0] * 3 + [0.1, 2.0] + [7.0] * 7,
            np.float32,
        )
        self._bound = bound
        self.observation_space = spaces.Box(-bound, bound, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Seat a new person, mouth open, the swab before the lips.

        ``options`` may hold ``person`` (a seed) and ``site`` (a `Site` or its name).
        """
        super().reset(seed=seed)
        options = options or {}
        self._close_world()
        person_seed = int(options.get("person", self.np_random.integers(0, 2**31)))
        site = options.get("site", list(Site)[int(self.np_random.integers(0, len(Site)))])
        self._site = Site(site)
        world = self._world = World(self._scene, int(self.np_random.integers(0, 2**31)))
        world.seat(Person.sample(person_seed, self._population))
        world.cue(Cue.SAY_AH)
        world.clock.sleep_until(round(_OPENING_S * 1e9))
        self._start_ns = world.clock.now_ns()
        self._joints = np.array(world.arm.read().position)
        self._bias = self._sensed_force(world)
        self._mouth_tip = self._mouth_base(world).apply(world.base_tip.translation)
        truth = world.truth.sites[self._site]
        noise = self.np_random.normal(0.0, _TARGET_SIGMA, 3)
        self._target = np.asarray(truth.mouth_point + noise)
        self._normal = np.asarray(truth.mouth_normal)
        self._pressed_s = 0.0
        self._distance = float(np.linalg.norm(self._target - self._mouth_tip))
        return self._observe(), self._info()

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Move the commanded tip for 20 ms; return what is then known."""
        world = self._open()
        wish = self._mouth_tip + _STEP * np.clip(np.asarray(action, np.float64), -1.0, 1.0)
        self._mouth_tip = np.clip(wish, (-0.13, -0.06, -0.06), (0.25, 0.06, 0.06))
        self._drive(world)
        force = world.contact_force
        size = float(np.linalg.norm(force))
        parts = {c.part for c in world.contacts}
        on_site = bool(parts & SITE_PARTS[self._site])
        if on_site and _WINDOW[0] <= size <= _WINDOW[1]:
            self._pressed_s += _CONTROL_S
        tip = self._mouth_base(world).apply(world.base_tip.translation)
        distance = float(np.linalg.norm(self._target - tip))
        reward = 50.0 * (self._distance - distance) + (1.0 if on_site else 0.0) * 0.1
        reward -= 2.0 * max(0.0, size - _WINDOW[1])
        self._distance = distance
        sampled = self._pressed_s >= _PRESSED_S
        hurt = size > _TOLERABLE or world.arm.status is not ArmStatus.READY
        reward += 10.0 * sampled - 10.0 * hurt
        late = (world.clock.now_ns() - self._start_ns) * 1e-9 >= _LIMIT_S
        return self._observe(), float(reward), bool(sampled or hurt), bool(late), self._info()

    def render(self) -> NDArray[np.uint8] | None:
        """Return what the eye-in-hand camera sees (H, W, 3), in mode ``rgb_array``."""
        if self.render_mode is None:
            return None
        from sim.film import Film  # noqa: PLC0415 - OpenGL only where it is needed

        if self._painter is None:
            self._painter = Film(self._scene)
        world = self._open()
        picture: NDArray[np.uint8] = self._painter.take(world, world.snapshot())
        self._painter.frames.clear()
        return picture

    def close(self) -> None:
        """Close the world and the renderer."""
        self._close_world()
        if self._painter is not None:
            self._painter.close()
            self._painter = None

    def _open(self) -> World:
        if self._world is None:
            raise SimError("the environment was not reset; call reset first")
        return self._world

    def _close_world(self) -> None:
        if self._world is not None:
            self._world.close()
            self._world = None

    def _drive(self, world: World) -> None:
        """Follow the commanded tip by damped least squares (Nakamura and Hanafusa 1986)."""
        period_ns = round(1e9 / world.arm.info.rate_hz)
        period_s = period_ns * 1e-9
        limit = self._scene.arm.velocity * period_s
        for _ in range(round(_CONTROL_S / period_s)):
            goal = self._goal(world)
            here = self._model.base_tip(self._joints)
            error = np.concatenate(
                [
                    goal.translation - here.translation,
                    Pose(goal.rotation @ here.rotation.T).rotation_vector(),
                ]
            )
            J = self._model.jacobian(self._joints)
            step = J.T @ np.linalg.solve(J @ J.T + _DAMPING**2 * np.eye(6), 0.2 * error)
            step = np.clip(step, -limit, limit)
            self._joints = np.clip(self._joints + step, self._low, self._high)
            world.arm.write(JointCommand(self._joints, step / period_s))
            world.clock.sleep_until(world.clock.now_ns() + period_ns)

    def _goal(self, world: World) -> Pose:
        ahead = np.array([self._target[0] - 0.15, self._target[1], self._target[2]])
        z = ahead - self._mouth_tip
        mouth_tip = Pose.from_axes(z, (0.0, 1.0, 0.0), self._mouth_tip)
        return self._base_mouth(world) @ mouth_tip

    def _base_mouth(self, world: World) -> Pose:
        behaviour = world.behaviour
        if behaviour is None:
            raise SimError("nobody sits in the chair; reset the environment")
        return behaviour.head.base_mouth

    def _mouth_base(self, world: World) -> Pose:
        return self._base_mouth(world).inverse()

    def _sensed_force(self, world: World) -> NDArray[np.float64]:
        """Return the wrist's force without the tool's weight (3,) [N], base axes."""
        rotation = world.engine.state.hand_rotation
        weight = np.array([0.0, 0.0, -9.80665 * self._scene.tool.mass])
        return np.asarray(rotation @ world.arm.read().wrench.force - weight)

    def _observe(self) -> Observation:
        world = self._open()
        mouth_base = self._mouth_base(world)
        tip = mouth_base.apply(self._model.base_tip(world.arm.read().position).translation)
        tip = tip + self.np_random.normal(0.0, _MOUTH_SIGMA, 3)
        force = mouth_base.rotate(self._sensed_force(world) - self._bias)
        behaviour = world.behaviour
        twist = behaviour.head.twist.linear if behaviour else np.zeros(3)
        joints = np.zeros(7)
        joints[: len(self._joints)] = world.arm.read().position - self._scene.home
        seen = np.concatenate(
            [
                tip,
                self._target - tip,
                self._normal,
                force,
                mouth_base.rotate(vector(twist)),
                [behaviour.opening if behaviour else 0.0, self._pressed_s / _PRESSED_S],
                joints,
            ]
        ).astype(np.float32)
        return np.clip(seen, -self._bound, self._bound)

    def _info(self) -> dict[str, Any]:
        world = self._open()
        return {
            "site": self._site.value,
            "force": float(np.linalg.norm(world.contact_force)),
            "pressed_s": self._pressed_s,
        }


gymnasium.register(id=ENV_ID, entry_point="sim.gym:CollectSample")
