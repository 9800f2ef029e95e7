"""How long optimizers take."""
