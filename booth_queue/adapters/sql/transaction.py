"""One transaction: all statements on one open connection."""

from booth_queue.adapters.sql.desk import Desk
from booth_queue.adapters.sql.outbox import Outbox
from booth_queue.adapters.sql.queues import Queues
from booth_queue.adapters.sql.seats import Seats


class SqlTransaction(Seats, Queues, Outbox, Desk):
    """A `booth_queue.service.ports.Transaction` on an open connection."""
