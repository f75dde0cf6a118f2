"""Camera sources: live RealSense, recordings, and the fault-noticing wrapper around any of them."""
