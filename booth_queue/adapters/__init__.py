"""The outside world behind the service's ports: database, cryptography, messages, clock."""
