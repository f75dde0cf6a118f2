"""What the stand-ins of the arms' makers share: an address of their own, whole messages."""

import random
import socket


def loopback() -> str:
    """An address that nobody else listens at: the makers' ports are fixed."""
    return f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(2, 255)}"


def exactly(link: socket.socket, count: int) -> bytes:
    """Read ``count`` bytes. Raises ConnectionResetError where the other end hangs up before."""
    data = b""
    while len(data) < count:
        more = link.recv(count - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data
