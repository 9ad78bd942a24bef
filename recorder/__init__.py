"""Evidence: recordings and the ledger. Imports nothing of the bastion, so it verifies without it."""
