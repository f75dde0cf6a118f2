"""The simulated booth: physics, people, pictures, sensors, faults and campaigns."""
