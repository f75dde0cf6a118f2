"""Camera ports and sources, mouth and throat, the swab target in 3-D, and calibration."""
