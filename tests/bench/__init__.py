"""Scripts that measure and print tables; none of them asserts a time."""
