"""The booth queue service: booking, diversion, calling, tubes and results."""
