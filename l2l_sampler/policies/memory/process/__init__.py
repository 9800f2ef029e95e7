"""The Gaussian process that the policy infers, and its algebra."""
