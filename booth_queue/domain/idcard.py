"""Citizen identification numbers (GB 11643-1999) and how personal data is masked."""

from datetime import date, datetime
from typing import Final

# Weights 2^(18-i) mod 11 and the check characters of ISO 7064:1983 MOD 11-2.
_WEIGHTS: Final = tuple(2 ** (17 - i) % 11 for i in range(17))
_CHECKS: Final = "10X98765432"


def check_character(first_17: str) -> str:
    """Return the 18th character that belongs to the first 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def birth_date(number: str) -> date | None:
    """Return the date of birth; None if the number is not a valid one.

    Parameters
    ----------
    number
        17 digits and a check character 0-9 or X.
    """
    if len(number) != 18 or not (number[:17].isascii() and number[:17].isdigit()):
        return None
    if number[17] != check_character(number[:17]):
        return None
    try:
        return datetime.strptime(number[6:14], "%Y%m%d").date()  # noqa: DTZ007 - a date alone
    except ValueError:
        return None


def age_on(born: date, day: date) -> int:
    """Return full years of age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def mask_name(name: str) -> str:
    """Show the first character alone: 张三丰 -> 张**."""
    return name[:1] + "*" * max(1, min(len(name) - 1, 3))


def mask_id_number(number: str) -> str:
    """Show the first and the last character, without birthday or region."""
    return f"{number[0]}{'*' * 16}{number[-1]}"


def mask_phone(phone: str) -> str:
    """Show the first three digits and the last two."""
    return f"{phone[:3]}******{phone[-2:]}"
