"""Scores, figures and pages from finished rows."""
