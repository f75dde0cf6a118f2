"""One session's messages in an MCAP file with their ROS 2 types, as Foxglove opens them."""

import time
from pathlib import Path

from booth_common.topics import Topic
from mcap.well_known import SchemaEncoding
from mcap.writer import CompressionType, Writer

from booth_bringup.convert import definition

_CDR = "cdr"


class Recording:
    """Writes serialised messages as they came, so nothing is decoded twice or loses precision."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = path.with_suffix(".mcap.part")
        self._file = self._part.open("wb")
        self._writer = Writer(self._file, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library="swab-booth")
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def write(
        self, topic: Topic, name: str, message: bytes, received_ns: int | None = None
    ) -> None:
        """Append one message of ``topic``, received under the full ``name``."""
        channel = self._channels.get(name)
        if channel is None:
            channel = self._writer.register_channel(name, _CDR, self._schema(topic.type))
            self._channels[name] = channel
        at = time.time_ns() if received_ns is None else received_ns
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        self._writer.add_message(channel, at, message, at, count)

    def close(self, **metadata: str) -> Path:
        """Finish the file and give it its name: a file with that name is whole."""
        self._writer.add_metadata("booth", metadata)
        self._writer.finish()  # type: ignore[no-untyped-call] # mcap forgot its return type
        self._file.close()
        return self._part.replace(self.path)

    def _schema(self, type_name: str) -> int:
        if type_name not in self._schemas:
            self._schemas[type_name] = self._writer.register_schema(
                type_name, SchemaEncoding.ROS2, definition(type_name).encode()
            )
        return self._schemas[type_name]
