"""Command-line harnesses that run parts of the product on cases from standard input."""
