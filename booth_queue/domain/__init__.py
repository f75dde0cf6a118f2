"""What the service is about, without a framework: states, rules, predictions, codes."""
