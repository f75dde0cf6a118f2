"""What the desk, groups and grids are told: standings, coverage, errors, counts, destruction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, literal, select, update

from booth_queue.adapters.sql import schema
from booth_queue.adapters.sql.records import Records
from booth_queue.domain.visits import ACTIVE_BOOKING
from booth_queue.domain.vocabulary import BookingState, Outcome, Verdict
from booth_queue.service.people import DEPENDANT
from booth_queue.service.ports import (
    Coverage,
    MemberStanding,
    PredictionError,
    ResidentStanding,
)

_SHOWN_S: Final = 60.0
"""Waits are told in whole minutes: nobody who was told "no wait" is called in the same instant."""


class Desk(Records):
    """The statements that count."""

    async def member_standings(self, group_id: str, round_id: str) -> Sequence[MemberStanding]:
        """How far the members of a group are in a round."""
        member = schema.membership
        person = member.c.person_id
        query = (
            select(
                person,
                member.c.shows_name,
                _booked(person, round_id),
                _sampled(person, round_id),
                _negative(person, round_id),
            )
            .where(member.c.group_id == group_id)
            .order_by(member.c.id)
        )
        rows = await self._connection.execute(query)
        return [MemberStanding(row[0], row[1], *map(bool, row[2:])) for row in rows]

    async def resident_standings(
        self, unit_ids: Sequence[str], round_id: str
    ) -> Sequence[ResidentStanding]:
        """How far the residents of units are in a round, by unit and masked name."""
        person = schema.person
        query = (
            select(
                person.c.id,
                person.c.unit_id,
                person.c.name_masked,
                _booked(person.c.id, round_id),
                _sampled(person.c.id, round_id),
                _claim(person.c.id, round_id),
            )
            .where(person.c.unit_id.in_(unit_ids))
            .order_by(person.c.unit_id, person.c.name_masked, person.c.id)
        )
        rows = await self._connection.execute(query)
        return [
            ResidentStanding(one, unit, name, bool(booked), bool(sampled), claim)
            for one, unit, name, booked, sampled, claim in rows
        ]

    async def coverage(self, round_id: str) -> Sequence[Coverage]:
        """Coverage of every unit in a round, by grid and unit."""
        unit, person = schema.unit, schema.person
        query = (
            select(
                unit.c.grid_id,
                unit.c.id,
                unit.c.name,
                func.count(person.c.id),
                func.sum(case((_booked(person.c.id, round_id), 1), else_=0)),
                func.sum(case((_sampled(person.c.id, round_id), 1), else_=0)),
            )
            .select_from(unit.outerjoin(person, person.c.unit_id == unit.c.id))
            .group_by(unit.c.grid_id, unit.c.id, unit.c.name)
            .order_by(unit.c.grid_id, unit.c.id)
        )
        rows = await self._connection.execute(query)
        return [Coverage(*row[:3], *map(int, row[3:])) for row in rows]

    async def prediction_errors(self, since: datetime) -> Sequence[PredictionError]:
        """How good the predicted waits of each booth were."""
        said = schema.prediction
        error = said.c.median_s - said.c.actual_s
        latest = said.c.high_s + _SHOWN_S
        inside = and_(said.c.actual_s >= said.c.low_s, said.c.actual_s <= latest)
        query = (
            select(
                said.c.booth_id,
                func.count(),
                func.avg(error),
                func.avg(func.abs(error)),
                func.avg(case((inside, 1.0), else_=0.0)),
            )
            .where(said.c.actual_s.is_not(None), said.c.at > since)
            .group_by(said.c.booth_id)
            .order_by(said.c.booth_id)
        )
        rows = await self._connection.execute(query)
        return [PredictionError(row[0], int(row[1]), *map(float, row[2:])) for row in rows]

    async def round_counts(self, round_id: str) -> dict[str, int]:
        """Count a round's bookings, sessions, tubes and results by their states."""
        booking, session, ticket = schema.booking, schema.session, schema.ticket
        result, tube = schema.result, schema.tube
        queries: dict[str, Select[Any]] = {
            "bookings": select(booking.c.state, func.count())
            .where(booking.c.round_id == round_id)
            .group_by(booking.c.state),
            "sessions": select(session.c.outcome, func.count())
            .select_from(session.join(ticket, ticket.c.id == session.c.ticket_id))
            .where(ticket.c.round_id == round_id)
            .group_by(session.c.outcome),
            "tubes": select(tube.c.state, func.count())
            .where(tube.c.round_id == round_id)
            .group_by(tube.c.state),
            "results": select(result.c.verdict, func.count())
            .where(result.c.round_id == round_id)
            .group_by(result.c.verdict),
        }
        counts = {}
        for name, query in queries.items():
            for word, count in await self._connection.execute(query):
                counts[f"{name}.{word or 'open'}"] = int(count)
        return dict(sorted(counts.items()))

    async def people_of_round_alone(self, round_id: str) -> Sequence[str]:
        """Keys of people who took part in this round, and in no other that is still kept."""
        booking, round_, person = schema.booking, schema.round_, schema.person
        elsewhere = booking.alias()
        kept = (
            select(literal(1))
            .select_from(elsewhere.join(round_, round_.c.id == elsewhere.c.round_id))
            .where(
                elsewhere.c.person_id == booking.c.person_id,
                elsewhere.c.round_id != round_id,
                round_.c.destroyed_at.is_(None),
            )
            .exists()
        )
        query = (
            select(booking.c.person_id)
            .distinct()
            .select_from(booking.join(person, person.c.id == booking.c.person_id))
            .where(booking.c.round_id == round_id, person.c.erased_at.is_(None), ~kept)
        )
        return [row[0] for row in await self._connection.execute(query)]

    async def destroy_round(self, round_id: str, ended_at: datetime) -> dict[str, int]:
        """Remove what else tells about people of a round; how much of what."""
        session, ticket, booking = schema.session, schema.ticket, schema.booking
        code, token, command = schema.one_time_code, schema.refresh_token, schema.command
        account, link, person = schema.account, schema.link, schema.person
        allowance = schema.allowance
        of_round = select(ticket.c.id).where(ticket.c.round_id == round_id)
        erased = select(person.c.id).where(person.c.erased_at.is_not(None))
        linked = select(literal(1)).where(link.c.account_id == account.c.id).exists()
        statements = {
            "sampling_records": update(session)
            .where(session.c.ticket_id.in_(of_round), session.c.record_sha256.is_not(None))
            .values(record=None),
            "addresses": update(booking)
            .where(booking.c.round_id == round_id, booking.c.address_hash != "")
            .values(address_hash=""),
            "links": delete(link).where(link.c.person_id.in_(erased)),
            "answers": delete(command).where(command.c.at <= ended_at),
            "one_time_codes": delete(code).where(code.c.created_at <= ended_at),
            "allowances": delete(allowance).where(allowance.c.since <= ended_at),
            "refresh_tokens": delete(token).where(token.c.created_at <= ended_at),
            # An account without people is nothing but a phone.
            "accounts": update(account)
            .where(
                account.c.phone_hash.is_not(None) | account.c.wechat_hash.is_not(None),
                account.c.created_at <= ended_at,
                ~linked,
            )
            .values(phone_hash=None, wechat_hash=None, wechat_sealed=None, disabled_at=ended_at),
        }
        removed = {}
        for name, statement in statements.items():
            removed[name] = (await self._connection.execute(statement)).rowcount
        return removed


def _booked(person: ColumnElement[str], round_id: str) -> ColumnElement[bool]:
    booking = schema.booking
    return (
        select(literal(1))
        .where(
            booking.c.person_id == person,
            booking.c.round_id == round_id,
            booking.c.state.in_(ACTIVE_BOOKING),
        )
        .exists()
    )


def _claim(person: ColumnElement[str], round_id: str) -> ColumnElement[str | None]:
    booking, link = schema.booking, schema.link
    by = and_(link.c.account_id == booking.c.account_id, link.c.person_id == booking.c.person_id)
    return (
        select(func.min(booking.c.id))
        .select_from(booking.join(link, by))
        .where(
            booking.c.person_id == person,
            booking.c.round_id == round_id,
            booking.c.state != BookingState.CANCELLED,
            link.c.relation == DEPENDANT,
            link.c.confirmed_at.is_(None),
        )
        .scalar_subquery()
    )


def _sampled(person: ColumnElement[str], round_id: str) -> ColumnElement[bool]:
    session, ticket = schema.session, schema.ticket
    return (
        select(literal(1))
        .select_from(session.join(ticket, ticket.c.id == session.c.ticket_id))
        .where(
            session.c.person_id == person,
            ticket.c.round_id == round_id,
            session.c.outcome == Outcome.SAMPLED,
        )
        .exists()
    )


def _negative(person: ColumnElement[str], round_id: str) -> ColumnElement[bool]:
    result = schema.result
    later = result.alias()
    corrected = select(literal(1)).where(later.c.corrects == result.c.id).exists()
    return (
        select(literal(1))
        .where(
            result.c.person_id == person,
            result.c.round_id == round_id,
            result.c.verdict == Verdict.NEGATIVE,
            ~corrected,
        )
        .exists()
    )
