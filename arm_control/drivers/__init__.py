"""Arms behind the `ArmDriver` port; each module needs its maker's client, an optional extra."""
