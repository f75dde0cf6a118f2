"""The sequence lock under a hostile writer, and the black box."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from arm_control.blackbox import ENTRY, BlackBox, note
from arm_control.errors import ArmControlError
from arm_control.memory import INPUT, STATE, record
from arm_control.shared import SharedRecord, snapshot

PAIR = np.dtype([("first", "f8", (64,)), ("second", "f8", (64,))], align=True)


def scribble(name: str, count: int) -> None:
    """Write records whose fields all carry one number, as fast as can be."""
    shared = SharedRecord.attach(name, PAIR)
    pair = np.zeros(1, PAIR)
    for k in range(count):
        pair["first"] = k
        pair["second"] = k
        shared.write(pair)
    shared.close()


def test_no_reader_ever_sees_half_a_record() -> None:
    shared = SharedRecord.create(PAIR)
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=scribble, args=(shared.name, 200_000), daemon=True)
    writer.start()
    pair = np.zeros(1, PAIR)
    seen = 0
    last = -1.0
    while writer.is_alive():
        if shared.read(pair):
            values = np.concatenate([pair["first"][0], pair["second"][0]])
            assert (values == values[0]).all()
            assert values[0] >= last
            last = float(values[0])
            seen += 1
    writer.join()
    shared.close()
    shared.unlink()
    assert writer.exitcode == 0
    assert seen > 100


def test_a_writer_that_died_halfway_is_noticed_and_overcome() -> None:
    shared = SharedRecord.create(PAIR)
    pair = np.ones(1, PAIR)
    shared.write(pair)
    shared._words[0] += np.uint64(1)  # as if it had died between the two marks
    out = np.zeros(1, PAIR)
    assert not shared.read(out)
    assert not snapshot(shared._words, out.view(np.uint64), 3)
    shared.write(pair)
    assert shared.read(out)
    assert (out["second"] == 1.0).all()
    shared.close()
    shared.unlink()


def test_a_record_without_a_name_is_shared_by_its_descriptor_and_zero_once_closed() -> None:
    room = SharedRecord.room_for(INPUT)
    writer, reader = SharedRecord.inherit(room, INPUT), SharedRecord.inherit(room, INPUT)
    os.close(room)
    told, heard = record(INPUT), record(INPUT)
    told["stamp"], told["q"] = 7, 0.25
    writer.write(told)
    assert reader.read(heard)
    assert heard == told
    writer.close()
    assert reader.read(heard)
    assert heard == told
    reader.close()
    assert reader.read(heard)
    assert heard == record(INPUT)


def test_the_black_box_keeps_the_last_cycles_in_order(tmp_path: Path) -> None:
    box = BlackBox(10)
    inputs, state = record(INPUT), record(STATE)
    for k in range(1, 26):
        state["cycles"] = k
        inputs["stamp"] = k
        note(inputs[0], state[0], 7, box.ring)
    entries = box.entries()
    assert entries["count"].tolist() == list(range(16, 26))
    file = tmp_path / "box.npy"
    box.save(file)
    assert (np.load(file)["stamp"] == entries["stamp"]).all()
    assert np.load(file).dtype == ENTRY
    with pytest.raises(ArmControlError, match="written"):
        box.save(tmp_path / "no" / "box.npy")
    with pytest.raises(ArmControlError, match="outside"):
        BlackBox(1)
