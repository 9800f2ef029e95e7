"""What the policy sees of the table at a point."""
