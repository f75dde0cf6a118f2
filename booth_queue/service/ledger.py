"""Appending to the chain of custody."""

from typing import Any

from booth_queue.domain.chain import FIRST, Entry, entry_hash
from booth_queue.service.work import Work


async def append(
    work: Work,
    scope: str,
    kind: str,
    subject: str,
    body: dict[str, Any],
    *,
    corrects: str | None = None,
    why: str | None = None,
) -> Entry:
    """Append an entry to a scope; others who append to it wait until this transaction ends.

    Parameters
    ----------
    scope
        A booth's key, or ``laboratory``.
    kind, subject
        What happened, and to which ticket, tube or box.
    corrects, why
        The entry that this one replaces, and the reason.
    """
    last = await work.tx.last_entry(scope)
    previous, number = (last.sha256, last.number + 1) if last else (FIRST, 1)
    by = work.actor.account_id
    sha256 = entry_hash(previous, scope, number, work.now, kind, subject, body, by, corrects, why)
    entry = Entry(
        id=work.new_id(),
        scope=scope,
        number=number,
        at=work.now,
        kind=kind,
        subject=subject,
        body=body,
        by=by,
        previous=previous,
        sha256=sha256,
        corrects=corrects,
        why=why,
    )
    await work.tx.add(entry)
    return entry
