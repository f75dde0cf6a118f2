"""Every refusal of the service: one class a stable code, its sentence in `booth_queue.texts`."""

from booth_queue.errors import Refusal


class NotFound(Refusal):
    """No such thing, or not one that the caller may know of."""

    code = "not_found"
    status = 404


class SignInFailed(Refusal):
    """Wrong name, password, code or token."""

    code = "sign_in_failed"
    status = 401


class Forbidden(Refusal):
    """Signed in, but this role, site or grid may not do it."""

    code = "forbidden"
    status = 403


class TooMany(Refusal):
    """A limit against hoarding was reached."""

    code = "too_many"
    status = 429


class KeyReused(Refusal):
    """The idempotency key was used for another command."""

    code = "key_reused"


class IdNumberWrong(Refusal):
    """The ID number's check digit or date is wrong."""

    code = "id_number_wrong"
    status = 400


class ConsentMissing(Refusal):
    """Health data needs consent; a child's needs a guardian's as well."""

    code = "consent_missing"
    status = 400


class NotADependant(Refusal):
    """A dependant is under 18, over 60, or unable to use a phone."""

    code = "not_a_dependant"


class NotConfirmed(Refusal):
    """Nobody on duty has confirmed yet that the account acts for this dependant."""

    code = "not_confirmed"
    status = 403


class AlreadyRegistered(Refusal):
    """The account already has this person, or a person of its own."""

    code = "already_registered"


class SlotFull(Refusal):
    """No seats left."""

    code = "slot_full"


class SlotOver(Refusal):
    """The slot or its round is over."""

    code = "slot_over"


class AlreadyBooked(Refusal):
    """One active booking or ticket per person and round."""

    code = "already_booked"


class AlreadySampled(Refusal):
    """Sampled in this round, and no re-test asked for."""

    code = "already_sampled"


class SingleSwabBooth(Refusal):
    """Symptomatic people and close contacts go to a single-swab booth."""

    code = "single_swab_booth"


class WrongState(Refusal):
    """The booking, ticket, session or tube is not in a state that allows it."""

    code = "wrong_state"


class BoothNotOpen(Refusal):
    """The booth takes nobody now."""

    code = "booth_not_open"


class WrongBooth(Refusal):
    """The booking or person belongs to another booth."""

    code = "wrong_booth"


class WrongPerson(Refusal):
    """The code scanned is not of the person in the booth."""

    code = "wrong_person"


class SwabAlreadyBound(Refusal):
    """The swab of the session is in a tube already."""

    code = "swab_already_bound"


class SwabMissing(Refusal):
    """A sampled session needs its swab bound to a tube first."""

    code = "swab_missing"


class TubeUsed(Refusal):
    """The tube is sealed, sent or of another booth."""

    code = "tube_used"


class TubeFull(Refusal):
    """The pool is full."""

    code = "tube_full"


class TubeShared(Refusal):
    """A single swab may not go into a pool."""

    code = "tube_shared"


class RecordFixed(Refusal):
    """A sampling record is stored once and never replaced."""

    code = "record_fixed"


class ReasonMissing(Refusal):
    """A session that did not end with a sample needs a reason."""

    code = "reason_missing"
    status = 400


class CodeInvalid(Refusal):
    """The booking code's signature is wrong or its time is over."""

    code = "code_invalid"
    status = 400


class PictureRefused(Refusal):
    """Not a JPEG, or too large."""

    code = "picture_refused"
    status = 400


class NoRound(Refusal):
    """No testing round is running."""

    code = "no_round"


class Busy(Refusal):
    """Another request changed the same thing at the same moment."""

    code = "busy"
    status = 409


class Unavailable(Refusal):
    """The database does not answer; whether the command was done is unknown."""

    code = "unavailable"
    status = 503


class AlreadyReported(Refusal):
    """The tube has a finding; a correction must name the latest one."""

    code = "already_reported"


class RoundRunning(Refusal):
    """The round has not ended; its data cannot be destroyed yet."""

    code = "round_running"


class WeChatUnavailable(Refusal):
    """WeChat does not answer, or refuses this service; trying again later may help."""

    code = "wechat_unavailable"
    status = 503


class WeChatNotSetUp(Refusal):
    """The service has no mini-program; trying again changes nothing."""

    code = "wechat_not_set_up"


class TextMessagesUnavailable(Refusal):
    """No text-message sender is set up, so nobody can sign in by phone."""

    code = "text_messages_unavailable"
