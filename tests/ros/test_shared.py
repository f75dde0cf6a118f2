"""Shared memory between the loop, the arm node and the vision node."""

import os
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest
from booth_arm.link import Answer, LoopLink, LoopNames, Order
from booth_common.shared import (
    Block,
    SharedError,
    picture_bytes,
    picture_from,
    picture_size,
)

from arm_control.ports import ArmInfo
from vision.frame import Frame, Intrinsics

pytestmark = pytest.mark.ros

NAME = f"swab_test_{os.getpid()}"


def test_a_block_hands_over_the_newest_value() -> None:
    block = Block.create(NAME, 64)
    reader = Block.attach(NAME)
    assert reader.read() is None
    for value in (b"first", b"second, longer", b"3"):
        block.write(value)
        assert reader.read() == value
    assert reader.owner_alive
    block.close()
    assert not reader.owner_alive
    reader.close()
    with pytest.raises(SharedError, match="start the process that owns it"):
        Block.attach(NAME)


def test_a_torn_value_is_not_handed_out() -> None:
    block = Block.create(NAME, 64)
    block.write(b"whole")
    block._memory[24] ^= 0xFF
    assert block.read() is None
    block.close()


def test_a_reader_beside_a_busy_writer_sees_whole_values_alone() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from booth_common.shared import Block\n"
        "block = Block.create(sys.argv[1], 16); block.write(b'whole')\n"
        "print('ready', flush=True)\n"
        "while True: block.write(b'whole')"
    )
    arguments = [sys.executable, "-c", code, NAME, *sys.path]
    with subprocess.Popen(arguments, stdout=-1) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            reader = Block.attach(NAME)
            seen = {reader.read() for _ in range(100_000)}
            assert seen <= {b"whole", None}  # None: the writer was quicker eight times in a row
            reader.close()
        finally:
            writer.kill()
    Block.create(NAME, 16).close()


def test_a_value_too_long_is_refused() -> None:
    block = Block.create(NAME, 8)
    with pytest.raises(SharedError, match="do not fit"):
        block.write(b"123456789")
    block.close()


def test_a_live_owners_block_is_not_taken_over_but_a_dead_ones_is() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from booth_common.shared import Block\n"
        "block = Block.create(sys.argv[1], 16); block.write(b'mine')\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", code, NAME, *sys.path]
    with subprocess.Popen(arguments, stdin=-1, stdout=-1) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(SharedError, match="belongs to a live process"):
            Block.create(NAME, 16)
        owner.kill()
        owner.wait()
    block = Block.create(NAME, 16)
    assert block.read() is None
    block.close()


def test_a_picture_goes_through_shared_memory() -> None:
    rng = np.random.default_rng(5)
    frame = Frame(
        rng.integers(0, 255, (24, 32, 3), dtype=np.uint8),
        rng.uniform(0.1, 0.5, (24, 32)).astype(np.float32),
        Intrinsics(32, 24, 30.0, 30.0, 15.5, 11.5),
        123,
        4,
    )
    value = picture_bytes(frame)
    assert len(value) == picture_size(32, 24)
    again = picture_from(value)
    np.testing.assert_array_equal(again.rgb, frame.rgb)
    np.testing.assert_array_equal(again.depth, frame.depth)
    assert (again.intrinsics, again.stamp_ns, again.sequence) == (frame.intrinsics, 123, 4)


def slow_loop(pipe: Connection, name: str) -> None:
    """Answer a question when it is told something besides, and not before."""
    Block.create(name, 16).write(b"state")
    pipe.send(ArmInfo("slow", ("one",), 100.0, 0.0, "none"))
    numbers = [pipe.recv()[0] for _ in range(2)]
    pipe.send(Answer(max(numbers), True, ""))
    pipe.recv()


def test_an_order_that_needs_no_answer_does_not_wait_for_another_ones() -> None:
    names = LoopNames(f"test_{os.getpid()}")
    link = LoopLink(slow_loop, names.state, names, answer_s=60.0)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(link.ask(Order.GRASP).accepted))
    asking.start()
    while not link._asking.locked():
        time.sleep(0.001)
    link.tell(Order.WORKED)  # would wait for ever, and the loop for it
    asking.join(timeout=60.0)
    assert answers == [True]
    link.close()
