"""Search spaces: what users declare, and the unit cube that policies work in."""
