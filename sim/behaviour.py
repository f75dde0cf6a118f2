"""What a seated person does: follows cues, tires, reacts to touch, and misbehaves on schedule."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sim.anatomy import Articulation, OralCavity, Part
from sim.cues import Cue
from sim.head import HeadMotion, Movement
from sim.person import Person

ARTICULATION_PERIOD_S = 0.01
"""How often the moving parts of the mouth are renewed [s]."""

_GAG_ZONE = frozenset({Part.POSTERIOR_WALL, Part.UVULA, Part.SOFT_PALATE, Part.TONGUE})
_GAG_REFRACTORY_S = 2.5
_CLOSED = 0.002
_CHANGE = 1e-5


class Act(StrEnum):
    """Something a person may do at any moment, wanted or not."""

    CLOSE_MOUTH = "close_mouth"
    RAISE_TONGUE = "raise_tongue"
    SWALLOW = "swallow"
    COUGH = "cough"
    GAG = "gag"
    LEAN_BACK = "lean_back"
    TURN_AWAY = "turn_away"
    SPEAK = "speak"
    HAND_IN_FRONT = "hand_in_front"
    STICK_OUT_TONGUE = "stick_out_tongue"
    LEAVE = "leave"


# rise, hold, fall [s]; translation [m]; rotation vector [rad]; all in the resting mouth frame.
# The gag's 50 mm at a peak of 300 mm/s: a minimum-jerk move of length d and time T peaks at
# 1.875 d / T.
_MOVES: dict[Act, tuple[float, float, float, tuple[float, ...], tuple[float, ...]]] = {
    Act.COUGH: (0.09, 0.0, 0.25, (0.012, 0.0, 0.0), (0.0, 0.06, 0.0)),
    Act.GAG: (0.3125, 0.35, 0.7, (-0.05, 0.0, 0.0), (0.0, -0.08, 0.0)),
    Act.LEAN_BACK: (0.6, 2.0, 0.9, (-0.08, 0.0, 0.0), (0.0, -0.15, 0.0)),
    Act.TURN_AWAY: (0.5, 1.5, 0.8, (0.0, 0.0, 0.0), (0.0, 0.0, 0.6)),
    Act.LEAVE: (0.9, 60.0, 1.0, (-0.35, 0.1, 0.25), (0.0, 0.0, 0.0)),
}

# channel, rise and hold [s], height, how often a second it comes and goes
_PULSES: dict[Act, tuple[tuple[str, float, float, float, float], ...]] = {
    Act.RAISE_TONGUE: (("tongue_height", 0.25, 1.5, 0.9, 0.0),),
    Act.STICK_OUT_TONGUE: (("tongue_protrusion", 0.3, 1.2, 0.02, 0.0),),
    Act.SWALLOW: (("swallow", 0.25, 0.25, 1.0, 0.0), ("opening", 0.3, 0.2, -0.03, 0.0)),
    Act.COUGH: (("velum", 0.05, 0.2, 0.6, 0.0),),
    Act.GAG: (("tongue_height", 0.12, 0.5, 0.7, 0.0), ("velum", 0.08, 0.5, 0.8, 0.0)),
    Act.SPEAK: (("opening", 0.1, 1.6, -0.03, 4.0), ("tongue_height", 0.1, 1.6, 0.5, 5.0)),
    Act.HAND_IN_FRONT: (("hand", 0.35, 1.5, 1.0, 0.0),),
}


@dataclass(slots=True)
class Channel:
    """One moving quantity: glides from where it is to a goal with minimum jerk."""

    start: float
    goal: float
    begin_s: float = 0.0
    duration_s: float = 1e-3

    def at(self, t: float) -> float:
        """Return the value at time ``t`` [s]."""
        u = min(max((t - self.begin_s) / self.duration_s, 0.0), 1.0)
        return self.start + (self.goal - self.start) * u**3 * (10.0 + u * (6.0 * u - 15.0))

    def glide(self, t: float, goal: float, delay_s: float, duration_s: float) -> None:
        """Head for ``goal`` after ``delay_s``, from wherever the value is then."""
        self.start, self.goal = self.at(t), goal
        self.begin_s, self.duration_s = t + delay_s, duration_s


@dataclass(frozen=True, slots=True)
class Pulse:
    """A passing addition to one channel: up to ``height`` over ``rise_s``, held, down again.

    ``rate_hz`` above zero makes it come and go, as speech does.
    """

    channel: str
    start_s: float
    rise_s: float
    hold_s: float
    height: float
    rate_hz: float = 0.0

    @property
    def end_s(self) -> float:
        """When it is over [s]."""
        return self.start_s + 2.0 * self.rise_s + self.hold_s

    def at(self, t: float) -> float:
        """Return the addition at time ``t`` [s]."""
        since = t - self.start_s
        if since <= 0.0 or t >= self.end_s:
            return 0.0
        u = min(since / self.rise_s, (self.end_s - t) / self.rise_s, 1.0)
        value = self.height * u * u * (3.0 - 2.0 * u)
        if self.rate_hz > 0.0:
            value *= 0.5 - 0.5 * np.cos(2.0 * np.pi * self.rate_hz * since)
        return float(value)


class Behaviour:
    """One person in the chair, from sitting down to leaving.

    Parameters
    ----------
    person
        Who it is.
    head
        The head that the person moves.
    start_s
        When they sat down [s].
    """

    def __init__(self, person: Person, head: HeadMotion, start_s: float) -> None:
        self.person = person
        self.head = head
        self.seated = True
        self._left_s = np.inf
        self._channels = {
            "opening": Channel(_CLOSED, _CLOSED, start_s),
            "tongue_height": Channel(0.35, 0.35, start_s),
            "velum": Channel(0.1, 0.1, start_s),
        }
        self._pulses: list[Pulse] = []
        self._tired_s = np.inf
        self._last_gag_s = -np.inf
        self._renewed_s = -np.inf
        self._held = np.zeros(0)
        self.cavity = OralCavity(person.anatomy, Articulation(opening=_CLOSED))

    def cue(self, cue: Cue, t: float) -> None:
        """Follow a spoken instruction at time ``t`` [s], after the person's reaction time."""
        temper = self.person.temperament
        delay, duration = temper.reaction_s, temper.opening_s
        if cue in (Cue.OPEN_MOUTH, Cue.SAY_AH):
            wide = temper.willingness * self.person.anatomy.opening_max
            self._channels["opening"].glide(t, wide, delay, duration)
            low = 0.0 if cue is Cue.SAY_AH else 0.05
            self._channels["tongue_height"].glide(t, low, delay, duration)
            self._channels["velum"].glide(t, 0.8 if cue is Cue.SAY_AH else 0.4, delay, duration)
            self._tired_s = t + delay + duration + temper.fatigue_s
        elif cue is Cue.RELAX:
            self._close(t, delay, duration)
        elif cue is Cue.LEAN_BACK:
            self.act(Act.LEAN_BACK, t + delay)

    def act(self, act: Act, t: float, scale: float = 1.0) -> None:
        """Do ``act`` from time ``t`` [s], ``scale`` times as far as is usual."""
        if act in _MOVES:
            rise, hold, fall, translation, turn = _MOVES[act]
            # people turn to the side they like better
            side = 1.0 if self.person.seed % 2 else -1.0
            mirror = np.array([1.0, 1.0, side])
            self.head.add(
                Movement(
                    t,
                    rise,
                    hold,
                    fall,
                    scale * np.array(translation),
                    scale * mirror * np.array(turn),
                )
            )
        for channel, rise, hold, height, rate in _PULSES.get(act, ()):
            self._pulses.append(Pulse(channel, t, rise, hold, scale * height, rate))
        if act is Act.GAG:
            self._last_gag_s = t
        elif act is Act.CLOSE_MOUTH:
            self._close(t, 0.0, 0.35)
        elif act is Act.LEAVE:
            self._left_s = t + _MOVES[act][0]
            self._close(t, 0.0, 0.3)

    def feel(self, part: Part, force: float, t: float) -> None:
        """React to a touch: gag where a force [N] in the gag zone passes the threshold."""
        if (
            part in _GAG_ZONE
            and force > self.person.temperament.gag_threshold
            and t - self._last_gag_s > _GAG_REFRACTORY_S
        ):
            self.act(Act.GAG, t + 0.12)

    def advance(self, t: float) -> None:
        """Move head and mouth to time ``t`` [s]."""
        self.head.advance(t)
        self.seated = t < self._left_s
        if t - self._renewed_s < ARTICULATION_PERIOD_S - 1e-9:
            return
        self._renewed_s = t
        if t > self._tired_s:
            self._tired_s = np.inf
            wide = 0.6 * self._channels["opening"].goal
            self._channels["opening"].glide(t, wide, 0.0, 4.0)
        self._pulses = [p for p in self._pulses if p.end_s > t]
        values = self._values(t)
        if values.shape != self._held.shape or np.abs(values - self._held).max() > _CHANGE:
            self._held = values
            opening, height, velum, protrusion, swallow, hand = values.tolist()
            self.cavity = OralCavity(
                self.person.anatomy,
                Articulation(
                    opening=opening,
                    tongue_height=height,
                    velum=velum,
                    tongue_protrusion=protrusion,
                    swallow=swallow,
                    hand=hand,
                ),
            )

    def _values(self, t: float) -> np.ndarray:
        sums = {name: channel.at(t) for name, channel in self._channels.items()}
        for pulse in self._pulses:
            sums[pulse.channel] = sums.get(pulse.channel, 0.0) + pulse.at(t)
        clip = {"opening": (0.0, self.person.anatomy.opening_max), "tongue_protrusion": (0.0, 0.04)}
        names = ("opening", "tongue_height", "velum", "tongue_protrusion", "swallow", "hand")
        return np.array(
            [
                min(max(sums.get(n, 0.0), clip.get(n, (0, 1))[0]), clip.get(n, (0, 1))[1])
                for n in names
            ]
        )

    def _close(self, t: float, delay_s: float, duration_s: float) -> None:
        self._channels["opening"].glide(t, _CLOSED, delay_s, duration_s)
        self._channels["tongue_height"].glide(t, 0.35, delay_s, duration_s)
        self._channels["velum"].glide(t, 0.1, delay_s, duration_s)
        self._tired_s = np.inf

    @property
    def opening(self) -> float:
        """The opening now [m]."""
        return self.cavity.opening
