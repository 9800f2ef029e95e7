"""How the policy sees objective values."""
