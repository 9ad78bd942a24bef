"""Evidence: recordings and the ledger. Imports nothing of ours, so it verifies alone."""
