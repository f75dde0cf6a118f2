"""From the raw wrist wrench to the contact force on the tip, and to where the bent tip is."""

import math

import numpy as np

from arm_control.compiled import kernel
from arm_control.linear import cross, dot, norm, rotate, rotate_back
from arm_control.memory import Record
from arm_control.pace import zone_at
from arm_control.scratch import scratch

_SLOW_S = 0.06  # time constant of the force that bends the shaft [s]
_CALM = 0.03  # [m/s²] of the tool, from which on its bias is learnt more slowly
_ASSURED_S = 0.05  # what the bias taken at an entry's start counts for in the mean over its way
FREE_S = 0.3  # how long an entry may count on free air: two periods of a head's tremor


@kernel
def sense(c: Record, i: Record, s: Record) -> None:
    """Fill the filtered contact force and torque at the tip in b, and the free-air mean.

    What the sensor reads is contact plus weight less inertia plus bias (Newton's law for the tool);
    weight comes from the measured posture, inertia from the commanded acceleration, lagged as the
    arm lags, and bias from ``tare``, taken in free air. No arm lags quite as told, so the free-air
    mean hardly takes in what is felt while the tool is accelerated, as it is behind a moving mouth.
    Behind a head that trembles that is always; ``tare`` therefore goes on as the plain mean over an
    entry's first way before the lips, over which inertia cancels.
    """
    dt = i.step
    force = scratch(3)
    torque = scratch(3)
    lever = scratch(3)
    load = scratch(3)
    for k in range(3):
        load[k] = c.tool_mass * (c.gravity[k] - s.tool_acceleration[k])
        lever[k] = c.tool_center[k] - c.sensor_t[k]
    rotate_back(s.sensor_R, load, load)
    rotate_back(c.sensor_R, lever, lever)
    cross(lever, load, torque)
    shaken = norm(s.tool_acceleration) / _CALM
    alpha = min(dt / 0.1, 1.0) / (1.0 + shaken * shaken)
    if s.cycles == 0:
        alpha = 1.0
    refine = 0.0
    if s.zone == 2:
        s.free_s = 0.0
    elif s.free_s > 0.0:
        s.free_s = max(s.free_s - dt, 0.0)
        refine = dt / (_ASSURED_S + FREE_S - s.free_s)
    for k in range(3):
        excess = i.wrench[k] - load[k]
        s.raw_mean[k] += alpha * (excess - s.raw_mean[k])
        s.tare[k] += refine * (excess - s.tare[k])
        force[k] = excess - s.tare[k]
        excess = i.wrench[3 + k] - torque[k]
        s.raw_mean[3 + k] += alpha * (excess - s.raw_mean[3 + k])
        s.tare[3 + k] += refine * (excess - s.tare[3 + k])
        torque[k] = excess - s.tare[3 + k]
    for k in range(3):
        lever[k] = c.tip_t[k] - c.sensor_t[k]
    rotate_back(c.sensor_R, lever, lever)
    cross(lever, force, load)
    for k in range(3):
        torque[k] -= load[k]
    rotate(s.sensor_R, force, force)
    rotate(s.sensor_R, torque, torque)
    _slow_down(c, s, force, dt)
    gain = 1.0 - math.exp(-c.filter_bandwidth * dt)
    for k in range(3):
        s.force_1[k] += gain * (force[k] - s.force_1[k])
        s.force[k] += gain * (s.force_1[k] - s.force[k])
        s.torque[k] += gain * (torque[k] - s.torque[k])


@kernel
def _slow_down(c: Record, s: Record, force: np.ndarray, dt: float) -> None:
    """Fill the slow force, which bends the shaft, with the inertia of the motion as measured.

    A shaft so soft makes millimetres of hundredths of a newton, and turning the tool about its
    bending centre moves the joints much and the tip little: what a servo makes of its command is
    known too badly. The low-pass of the measured acceleration is (v - low-pass of v) / time
    constant, so that nothing is differentiated.
    """
    gain = min(dt / _SLOW_S, 1.0)
    for k in range(3):
        fast = s.tool_velocity[k] - s.tool_velocity_slow[k]
        s.tool_velocity_slow[k] += gain * fast
        loaded = force[k] - c.tool_mass * s.tool_acceleration[k]  # contact less inertia
        s.force_1_slow[k] += gain * (loaded - s.force_1_slow[k])
        s.force_slow[k] = s.force_1_slow[k] + c.tool_mass * fast / _SLOW_S


@kernel
def bend(c: Record, s: Record) -> None:
    """Fill the bent tip in b and, where the mouth is known, in m; and the zone it is in.

    Pseudo-rigid-body model of a cantilever with an end load (Howell 2001, Compliant Mechanisms,
    section 5.1): the shaft turns about one point, ``segment`` from the tip, against a spring.
    """
    u = scratch(3)
    for k in range(3):
        u[k] = s.measured_R[k, 2]
    axial = dot(s.force_slow, u)
    way = scratch(3)
    for k in range(3):
        lateral = (s.force_slow[k] - axial * u[k]) / c.shaft_stiffness if s.tared else 0.0
        way[k] = c.segment * u[k] + lateral
    length = norm(way)
    for k in range(3):
        s.tip_b[k] = s.measured_t[k] + c.segment * (way[k] / length - u[k])
    if not s.M_known:
        s.zone = 0
        return
    for k in range(3):
        u[k] = s.tip_b[k] - s.M_t[k]
    rotate_back(s.M, u, s.tip_m)
    s.zone = zone_at(c, s.tip_m)
