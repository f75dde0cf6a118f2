"""What the booth's nodes share: topics and QoS, parameters, heartbeats, conversions."""
