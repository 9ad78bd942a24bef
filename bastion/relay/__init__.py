"""Does what was decided: the ledger first, then the act."""
