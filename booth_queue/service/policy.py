"""Limits and durations the use cases go by; values come from the configuration."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits against hoarding, and how long things last.

    Attributes
    ----------
    code_valid_s, code_tries
        A one-time code's life [s] and the wrong tries it survives.
    codes_per_phone_hour, codes_per_address_hour
        One-time codes sent within a clock hour.
    bookings_per_account_hour, bookings_per_address_hour
        Bookings a citizen makes within a clock hour, cancelled ones included.
    searches_per_caller_minute
        Reads of slots, booths and recommendations within a minute, for each worker process.
    people_per_account
        Oneself and dependants.
    access_token_s, refresh_token_s
        Lives of tokens [s].
    booking_code_s
        Life of a booking code shown as QR [s]; it rotates.
    journey_s
        How long somebody who set out is counted as under way [s].
    recall_limit
        Calls after which a person may be marked as no-show.
    call_message_s
        How long after a call a message about it is still worth sending [s].
    heartbeat_s
        A booth not heard of for so long is shown as silent [s].
    """

    code_valid_s: int = 300
    code_tries: int = 5
    codes_per_phone_hour: int = 5
    codes_per_address_hour: int = 200
    bookings_per_account_hour: int = 20
    bookings_per_address_hour: int = 2_000
    searches_per_caller_minute: int = 120
    people_per_account: int = 6
    access_token_s: int = 900
    refresh_token_s: int = 30 * 86_400
    booking_code_s: int = 6 * 3600
    journey_s: int = 1800
    recall_limit: int = 3
    call_message_s: int = 180
    heartbeat_s: int = 15

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value < 1:
                raise ValueError(f"{field.name}={value} must be at least 1")
