"""Brings the booth's nodes up in order, and records its sessions."""
