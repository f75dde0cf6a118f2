"""The camera and the throat's locator as a node."""
