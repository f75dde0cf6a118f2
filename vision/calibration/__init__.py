"""Calibration of one booth: intrinsics, hand-eye, tool tip, depth scale, and their dated file."""
