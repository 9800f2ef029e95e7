"""What is optimised in the benchmarks."""
