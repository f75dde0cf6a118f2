"""The commands of the station's own room, one module each."""
