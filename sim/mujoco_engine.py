"""The same booth's rigid bodies in MuJoCo: a second opinion behind the same port."""

import numpy as np

from sim.arms import joint_limits
from sim.assembly import SENSOR_LINK, assemble
from sim.engine import GRAVITY, STEP_S, BodyState, Collision
from sim.errors import SimError
from sim.scene import Scene
from spatial import Matrix, Pose, Vector

try:
    import mujoco
except ImportError as error:
    raise SimError("the second engine needs MuJoCo: install swab-booth[mujoco]") from error

_SERVO_HZ = 48.0  # the bandwidth of `sim.bullet`, critically damped on every axis
ARMATURE = 0.1  # [kg m²] of a geared drive, reflected (assumed)
_HEAD_PARK = (0.0, 0.0, -50.0)


class MujocoEngine:
    """MuJoCo behind the `Engine` port.

    Built from the very URDF that PyBullet loads, with the arm's collision meshes left out: the
    hand and the head are what can touch. The servos are computed torques (Luh, Walker and Paul
    1980): each axis follows its set-point as if it were alone and weightless, in every posture,
    as far as its effort reaches. The wrist sensor is MuJoCo's own force and torque sensor.

    Parameters
    ----------
    scene
        The booth.
    """

    def __init__(self, scene: Scene) -> None:
        names = scene.arm.joint_names
        self._n = len(names)
        try:
            self._model = _build(scene)
        except ValueError as error:
            raise SimError(f"MuJoCo refused the model of arm {scene.arm_name}: {error}") from error
        self._data = mujoco.MjData(self._model)
        model = self._model
        self._q = np.array([model.joint(name).qposadr[0] for name in names])
        self._v = np.array([model.joint(name).dofadr[0] for name in names])
        self._u = np.array([model.actuator(name).id for name in names])
        self._sensor = model.site("sensor").id
        self._hand = model.body(SENSOR_LINK).id
        self._force = model.sensor("force").adr[0]
        self._torque = model.sensor("torque").adr[0]
        self._head = model.body("head").mocapid[0]
        self._head_body = model.body("head").id
        self._state = BodyState(np.zeros(self._n), np.zeros(self._n), np.zeros(self._n))
        self._twist = np.zeros(6)
        self._target, self._target_velocity = np.zeros(self._n), np.zeros(self._n)
        self._wanted, self._needed = np.zeros(model.nv), np.zeros(model.nv)
        self._powered = True
        self.reset(scene.home)

    @property
    def state(self) -> BodyState:
        """The state after the last step or reset."""
        return self._state

    def reset(self, position: Vector) -> None:
        """Put the arm at rest at ``position`` (n,) [rad]."""
        mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[self._q] = position
        self.remove_head()
        self.command(np.asarray(position), np.zeros(self._n))
        mujoco.mj_forward(self._model, self._data)
        self._refresh()

    def command(self, position: Vector, velocity: Vector) -> None:
        """Set the servo targets (n,) [rad] and [rad/s] for the steps to come."""
        self._target[:], self._target_velocity[:] = position, velocity
        self._powered = True

    def coast(self) -> None:
        """Let every joint move freely, unpowered, until the next command."""
        self._powered = False

    def _drive(self) -> None:
        """Set the motors' torques [N·m] from where the joints are now.

        Springs and dampers tuned in one posture chatter in another, where the axes couple more:
        the inertia is that of this posture, and its gravity and velocity forces are carried.
        """
        model, data = self._model, self._data
        if not self._powered:
            data.ctrl[self._u] = 0.0
            return
        w = 2.0 * np.pi * _SERVO_HZ
        behind = self._target - data.qpos[self._q]
        slow = self._target_velocity - data.qvel[self._v]
        self._wanted[self._v] = w * w * behind + 2.0 * w * slow
        mujoco.mj_mulM(model, data, self._needed, self._wanted)
        data.ctrl[self._u] = self._needed[self._v] + data.qfrc_bias[self._v]

    def push(self, force: Vector, torque: Vector, point: Vector) -> None:
        """Push the hand during the next step: force [N] at ``point`` [m], torque [N·m], base."""
        # a Cartesian force, for the wrist sensor does not see generalised ones
        load = self._data.xfrc_applied[self._hand]
        load[:3] += force
        load[3:] += torque + np.cross(point - self._data.xipos[self._hand], force)

    def place_head(self, rotation: Matrix, position: Vector) -> None:
        """Move the head's collision body; mouth frame in base coordinates."""
        self._data.mocap_pos[self._head] = position
        self._data.mocap_quat[self._head] = Pose(rotation).quaternion()

    def remove_head(self) -> None:
        """Take the head's collision body away."""
        self._data.mocap_pos[self._head] = _HEAD_PARK
        self._data.mocap_quat[self._head] = (1.0, 0.0, 0.0, 0.0)

    def step(self) -> None:
        """Advance by 1 ms and refresh the state."""
        data = self._data
        mujoco.mj_step1(self._model, data)
        self._drive()
        mujoco.mj_step2(self._model, data)
        data.xfrc_applied[self._hand] = 0.0
        # positions moved on after the forces were computed: bring what depends on them up to date
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_comVel(self._model, data)
        self._refresh()

    def _refresh(self) -> None:
        state, data = self._state, self._data
        state.position[:] = data.qpos[self._q]
        state.velocity[:] = data.qvel[self._v]
        state.effort[:] = data.qfrc_actuator[self._v]
        state.hand_position[:] = data.site_xpos[self._sensor]
        state.hand_rotation[:] = data.site_xmat[self._sensor].reshape(3, 3)
        mujoco.mj_objectVelocity(
            self._model, data, mujoco.mjtObj.mjOBJ_SITE, self._sensor, self._twist, 0
        )
        state.hand_angular[:] = self._twist[:3]
        state.hand_linear[:] = self._twist[3:]
        # MuJoCo gives what the arm exerts on the hand; the sensor reads the opposite
        values = data.sensordata
        np.negative(values[self._force : self._force + 3], out=state.reaction[:3])
        np.negative(values[self._torque : self._torque + 3], out=state.reaction[3:])

    def collisions(self) -> tuple[Collision, ...]:
        """Return what touches the head now, with the summed normal force."""
        found: dict[str, float] = {}
        wrench = np.zeros(6)
        for i in range(self._data.ncon):
            contact = self._data.contact[i]
            bodies = [int(self._model.geom_bodyid[g]) for g in contact.geom]
            if self._head_body in bodies:
                mujoco.mj_contactForce(self._model, self._data, i, wrench)
                other = bodies[1 - bodies.index(self._head_body)]
                name = str(self._model.body(other).name)
                found[name] = found.get(name, 0.0) + float(wrench[0])
        return tuple(Collision(name, "head", force) for name, force in found.items())

    def close(self) -> None:
        """Nothing is held beyond memory."""


def _build(scene: Scene) -> "mujoco.MjModel":
    """Return the compiled model: the scene's URDF plus servos, sensors and the head."""
    spec = mujoco.MjSpec.from_string(assemble(scene, meshes=False))
    spec.compiler.fusestatic = False
    spec.compiler.balanceinertia = True
    spec.compiler.boundmass = 1e-4
    spec.compiler.boundinertia = 1e-8
    spec.option.timestep = STEP_S
    spec.option.gravity = GRAVITY
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_EULER
    low, high = joint_limits(scene.arm)
    for i, name in enumerate(scene.arm.joint_names):
        joint = spec.joint(name)
        joint.armature = ARMATURE
        joint.damping = np.zeros(3)
        joint.range = (low[i], high[i])
        actuator = spec.add_actuator(name=name, target=name)
        actuator.trntype = mujoco.mjtTrn.mjTRN_JOINT
        actuator.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        actuator.forcerange = (-scene.arm.effort[i], scene.arm.effort[i])
    for body in spec.bodies:
        body.gravcomp = 0.0
    hand = spec.body(SENSOR_LINK)
    hand.add_site(name="sensor")
    for name, kind in (
        ("force", mujoco.mjtSensor.mjSENS_FORCE),
        ("torque", mujoco.mjtSensor.mjSENS_TORQUE),
    ):
        spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="sensor")
    head = spec.worldbody.add_body(name="head", mocap=True)
    head.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(0.088, 0.0, 0.0), pos=(-0.105, 0.0, 0.075)
    )
    head.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=(0.16, 0.125, 0.0), pos=(-0.16, 0.0, -0.42)
    )
    return spec.compile()
