"""Brings the booth's nodes up in order, records sessions, and starts it all where ROS's launch is not installed."""
