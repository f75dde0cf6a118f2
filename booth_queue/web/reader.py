"""How a person wants to read: their language, and the size of the type."""

from dataclasses import dataclass

from starlette.requests import Request

from booth_queue.domain.vocabulary import Language


@dataclass(frozen=True, slots=True)
class Reader:
    """What the page is written for."""

    language: Language
    large_type: bool

    @classmethod
    def of(cls, request: Request) -> "Reader":
        """Read the wish from the address (``?lang=``), the cookie, or the browser's settings."""
        wishes = (
            request.query_params.get("lang"),
            request.cookies.get("lang"),
            *_accepted(request.headers.get("accept-language", "")),
        )
        known = [Language(wish) for wish in wishes if wish in set(Language)]
        return cls(
            language=known[0] if known else Language.ZH,
            large_type=request.cookies.get("type") == "large",
        )


def _accepted(header: str) -> list[str]:
    """List the primary tags of an Accept-Language header (RFC 9110, 12.5.4), best first."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((float(weight or 1.0), tag.split("-")[0].lower()))
        except ValueError:
            continue  # a browser's slip costs its wish, not the page
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]
