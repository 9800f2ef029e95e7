"""Where a search looks, and how its points move."""
