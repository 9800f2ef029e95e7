"""Tests of what a policy says of a study."""
