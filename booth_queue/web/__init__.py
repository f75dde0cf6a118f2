"""Pages the service serves."""
