"""Tables: pending approvals, TOTP state and an index of the ledger that can be rebuilt."""
