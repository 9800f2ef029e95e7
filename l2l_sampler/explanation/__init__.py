"""What a policy believes of a study, and why it proposes what it does."""
