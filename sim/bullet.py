"""The booth's rigid bodies in PyBullet, one physics client per world."""

import contextlib
import math
import tempfile
from pathlib import Path

import numpy as np

from sim.anatomy.compiled import compiled
from sim.assembly import HAND_LINK, SENSOR_JOINT, assemble
from sim.engine import GRAVITY, STEP_S, BodyState, Collision
from sim.errors import SimError
from sim.quiet import pybullet
from sim.scene import Scene
from spatial import Matrix, Vector

_SOLVER_ITERATIONS = 50
_SERVO_GAIN = 0.3
"""Share of the position error that the servo removes in one step: 48 Hz bandwidth at 1 ms."""

_HEAD_PARK = (0.0, 0.0, -50.0)
# Stiffness and damping of head and chin rest against arm and gripper: padded, so that a bump is a
# bump and not the engine's rigid impact (a moving head gives hundreds of newtons otherwise).
_PAD_STIFFNESS = 4000.0
_PAD_DAMPING = 60.0


class BulletEngine:
    """PyBullet behind the `Engine` port.

    The arm's servos are Bullet's joint motors, fed with position and velocity; the wrist sensor is
    the reaction of the fixed joint between flange and hand.

    Parameters
    ----------
    scene
        The booth.
    """

    def __init__(self, scene: Scene) -> None:
        self._client = pybullet.connect(pybullet.DIRECT)
        if self._client < 0:
            raise SimError("PyBullet gave no physics client; close other worlds first")
        self._open = True
        names = scene.arm.joint_names
        n = len(names)
        self._state = BodyState(np.zeros(n), np.zeros(n), np.zeros(n))
        try:
            self._configure()
            self._load(scene)
        except BaseException:
            self.close()
            raise
        self.reset(scene.home)

    def _configure(self) -> None:
        c = self._client
        # one temporary file name per world would be enough, were it not that Bullet's file cache
        # outlives a client and serves a rewritten file stale
        pybullet.setPhysicsEngineParameter(
            enableFileCaching=0,
            numSolverIterations=_SOLVER_ITERATIONS,
            deterministicOverlappingPairs=1,
            physicsClientId=c,
        )
        pybullet.setTimeStep(STEP_S, physicsClientId=c)
        pybullet.setGravity(*GRAVITY, physicsClientId=c)

    def _load(self, scene: Scene) -> None:
        c = self._client
        with tempfile.TemporaryDirectory(prefix="booth-sim-") as folder:
            path = Path(folder) / "booth.urdf"
            path.write_text(assemble(scene), encoding="utf-8")
            try:
                self._robot = pybullet.loadURDF(
                    str(path),
                    useFixedBase=True,
                    flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
                    physicsClientId=c,
                )
            except pybullet.error as error:
                raise SimError(
                    f"PyBullet refused the model of arm {scene.arm_name}: {error}"
                ) from error
        count = pybullet.getNumJoints(self._robot, physicsClientId=c)
        infos = [pybullet.getJointInfo(self._robot, j, physicsClientId=c) for j in range(count)]
        index = {info[1].decode(): info[0] for info in infos}
        self._link_names = {info[0]: info[12].decode() for info in infos} | {
            -1: scene.arm.base_link
        }
        self._joints = [index[name] for name in scene.arm.joint_names]
        self._sensor = index[SENSOR_JOINT]
        self._hand = next(i for i, name in self._link_names.items() if name == HAND_LINK)
        self._read = [*self._joints, self._sensor]
        self._efforts = scene.arm.effort.tolist()
        self._gains = [_SERVO_GAIN] * len(self._joints)
        self._unit_gains = [1.0] * len(self._joints)
        pybullet.enableJointForceTorqueSensor(self._robot, self._sensor, True, physicsClientId=c)
        for link in range(-1, count):
            pybullet.changeDynamics(
                self._robot,
                link,
                linearDamping=0.0,
                angularDamping=0.0,
                jointDamping=0.0,  # the servo's own damping is the motor's
                physicsClientId=c,
            )
        self._obstacles = self._make_obstacles(scene)

    def _make_obstacles(self, scene: Scene) -> dict[int, str]:
        c = self._client
        floor = pybullet.createMultiBody(
            0.0,
            pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=c),
            basePosition=(0.0, 0.0, -scene.pedestal - 1e-3),
            physicsClientId=c,
        )
        # mouth frame: the cranium behind and above the lips, the trunk below
        head = pybullet.createCollisionShapeArray(
            shapeTypes=[pybullet.GEOM_SPHERE, pybullet.GEOM_CAPSULE],
            radii=[0.088, 0.16],
            lengths=[0.0, 0.25],
            collisionFramePositions=[(-0.105, 0.0, 0.075), (-0.16, 0.0, -0.42)],
            collisionFrameOrientations=[(0, 0, 0, 1), (0, 0, 0, 1)],
            physicsClientId=c,
        )
        self._head = pybullet.createMultiBody(0.0, head, basePosition=_HEAD_PARK, physicsClientId=c)
        obstacles = {floor: "floor", self._head: "head"}
        if scene.chin_rest:
            mouth = scene.nominal_base_mouth
            rest = pybullet.createMultiBody(
                0.0,
                pybullet.createCollisionShape(
                    pybullet.GEOM_BOX, halfExtents=(0.02, 0.05, 0.01), physicsClientId=c
                ),
                basePosition=mouth.apply((-0.02, 0.0, -0.085)).tolist(),
                baseOrientation=_xyzw(mouth.rotation),
                physicsClientId=c,
            )
            obstacles[rest] = "chin_rest"
        for body, name in obstacles.items():
            if name != "floor":
                pybullet.changeDynamics(
                    body,
                    -1,
                    contactStiffness=_PAD_STIFFNESS,
                    contactDamping=_PAD_DAMPING,
                    physicsClientId=c,
                )
        return obstacles

    @property
    def state(self) -> BodyState:
        """The state after the last step or reset."""
        return self._state

    def reset(self, position: Vector) -> None:
        """Put the arm at rest at ``position`` (n,) [rad]."""
        for joint, value in zip(self._joints, position, strict=True):
            pybullet.resetJointState(
                self._robot, joint, float(value), 0.0, physicsClientId=self._client
            )
        self.command(position, np.zeros(len(position)))
        self._refresh()

    def command(self, position: Vector, velocity: Vector) -> None:
        """Set the servo targets (n,) [rad] and [rad/s] for the steps to come."""
        pybullet.setJointMotorControlArray(
            self._robot,
            self._joints,
            pybullet.POSITION_CONTROL,
            targetPositions=position.tolist(),
            targetVelocities=velocity.tolist(),
            positionGains=self._gains,
            velocityGains=self._unit_gains,
            forces=self._efforts,
            physicsClientId=self._client,
        )

    def coast(self) -> None:
        """Let every joint move freely, unpowered, until the next command."""
        pybullet.setJointMotorControlArray(
            self._robot,
            self._joints,
            pybullet.VELOCITY_CONTROL,
            targetVelocities=[0.0] * len(self._joints),
            forces=[0.0] * len(self._joints),
            physicsClientId=self._client,
        )

    def push(self, force: Vector, torque: Vector, point: Vector) -> None:
        """Push the hand during the next step: force [N] at ``point`` [m], torque [N·m], base."""
        pybullet.applyExternalForce(
            self._robot,
            self._hand,
            force.tolist(),
            point.tolist(),
            pybullet.WORLD_FRAME,
            physicsClientId=self._client,
        )
        pybullet.applyExternalTorque(
            self._robot,
            self._hand,
            torque.tolist(),
            pybullet.WORLD_FRAME,
            physicsClientId=self._client,
        )

    def place_head(self, rotation: Matrix, position: Vector) -> None:
        """Move the head's collision body; mouth frame in base coordinates."""
        pybullet.resetBasePositionAndOrientation(
            self._head, position.tolist(), _xyzw(rotation), physicsClientId=self._client
        )

    def remove_head(self) -> None:
        """Take the head's collision body away."""
        pybullet.resetBasePositionAndOrientation(
            self._head, _HEAD_PARK, (0.0, 0.0, 0.0, 1.0), physicsClientId=self._client
        )

    def step(self) -> None:
        """Advance by 1 ms and refresh the state."""
        pybullet.stepSimulation(physicsClientId=self._client)
        self._refresh()

    def _refresh(self) -> None:
        state = self._state
        joints = pybullet.getJointStates(self._robot, self._read, physicsClientId=self._client)
        for i, joint in enumerate(joints[:-1]):
            state.position[i] = joint[0]
            state.velocity[i] = joint[1]
            state.effort[i] = joint[3]
        # the joint's reaction is what the arm exerts on the hand; the sensor reads the opposite
        state.reaction[:] = joints[-1][2]
        np.negative(state.reaction, out=state.reaction)
        link = pybullet.getLinkState(self._robot, self._sensor, 1, 1, physicsClientId=self._client)
        state.hand_position[:] = link[4]
        x, y, z, w = link[5]
        # Bullet lets its quaternions drift from unit length
        scale = 1.0 / math.sqrt(x * x + y * y + z * z + w * w)
        x, y, z, w = x * scale, y * scale, z * scale, w * scale
        r = state.hand_rotation
        r[0, 0], r[0, 1], r[0, 2] = (
            1 - 2 * (y * y + z * z),
            2 * (x * y - w * z),
            2 * (x * z + w * y),
        )
        r[1, 0], r[1, 1], r[1, 2] = (
            2 * (x * y + w * z),
            1 - 2 * (x * x + z * z),
            2 * (y * z - w * x),
        )
        r[2, 0], r[2, 1], r[2, 2] = (
            2 * (x * z - w * y),
            2 * (y * z + w * x),
            1 - 2 * (x * x + y * y),
        )
        state.hand_linear[:] = link[6]
        state.hand_angular[:] = link[7]

    def collisions(self) -> tuple[Collision, ...]:
        """Return what touches head or booth now, with the summed normal force."""
        found: dict[tuple[str, str], float] = {}
        for body, name in self._obstacles.items():
            for point in pybullet.getContactPoints(self._robot, body, physicsClientId=self._client):
                key = (self._link_names[point[3]], name)
                found[key] = found.get(key, 0.0) + float(point[9])
        return tuple(Collision(link, name, f) for (link, name), f in found.items() if f > 0.0)

    def close(self) -> None:
        """Disconnect the physics client; may be called twice."""
        if self._open:
            self._open = False
            # a client that the engine already dropped has nothing left to release
            with contextlib.suppress(pybullet.error):
                pybullet.disconnect(physicsClientId=self._client)


@compiled
def _xyzw(R: Matrix) -> tuple[float, float, float, float]:
    """Return the quaternion of a rotation, Bullet's order (Shepperd 1978, see spatial.Pose)."""
    t = R[0, 0] + R[1, 1] + R[2, 2]
    if t >= R[0, 0] and t >= R[1, 1] and t >= R[2, 2]:
        s = math.sqrt(1.0 + t)
        k = 0.5 / s
        return (R[2, 1] - R[1, 2]) * k, (R[0, 2] - R[2, 0]) * k, (R[1, 0] - R[0, 1]) * k, 0.5 * s
    if R[0, 0] >= R[1, 1] and R[0, 0] >= R[2, 2]:
        s = math.sqrt(1.0 + 2.0 * R[0, 0] - t)
        k = 0.5 / s
        return 0.5 * s, (R[0, 1] + R[1, 0]) * k, (R[0, 2] + R[2, 0]) * k, (R[2, 1] - R[1, 2]) * k
    if R[1, 1] >= R[2, 2]:
        s = math.sqrt(1.0 + 2.0 * R[1, 1] - t)
        k = 0.5 / s
        return (R[0, 1] + R[1, 0]) * k, 0.5 * s, (R[1, 2] + R[2, 1]) * k, (R[0, 2] - R[2, 0]) * k
    s = math.sqrt(1.0 + 2.0 * R[2, 2] - t)
    k = 0.5 / s
    return (R[0, 2] + R[2, 0]) * k, (R[1, 2] + R[2, 1]) * k, 0.5 * s, (R[1, 0] - R[0, 1]) * k
