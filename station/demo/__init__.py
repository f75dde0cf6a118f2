"""The demonstration: generated citizens, the queue service, a simulated booth, a table."""
