"""The person in the simulated chair: comes when called, hears what is said, leaves at the end."""

from booth_arm.link import LoopLink, Order

_HERE = frozenset({"called", "seated", "locating"})
_OVER = frozenset({"done", "refused", "aborted"})


class SimulatedPerson:
    """Follows the session's topic as a person follows a screen and a voice.

    Each session seats the next person of the seed's row: ``seed``, ``seed + 1`` and so on.
    """

    def __init__(self, link: LoopLink, seed: int, population: str) -> None:
        self._link = link
        self._seed = seed
        self._population = population
        self._session = ""
        self._instruction = ""

    def session(self, session_id: str, state: str, instruction: str, stamp_ns: int) -> None:
        """Take in one state of the session, which it was in at ``stamp_ns`` [ns]."""
        if state in _OVER:
            self._link.tell(Order.ENDED)
            self._link.tell(Order.DISMISS)
            return
        if session_id:
            self._link.tell(Order.WORKED, stamp_ns)
        if session_id and session_id != self._session and state in _HERE:
            self._link.tell(Order.DISMISS)
            self._link.tell(Order.SEAT, self._seed, self._population)
            self._seed += 1
            self._session = session_id
            self._instruction = ""
        if instruction and instruction != self._instruction:
            self._instruction = instruction
            self._link.tell(Order.CUE, instruction)
