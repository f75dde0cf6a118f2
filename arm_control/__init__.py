"""The arm: ports, model, kinematics, path, control law, procedure, safety, loop and drivers."""
