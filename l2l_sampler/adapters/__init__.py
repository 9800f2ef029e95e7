"""Frameworks: each adapter translates between one of them and the policies, and does not think."""
