"""Camera sources: live RealSense, recordings, software device, and the watch over any of them."""
