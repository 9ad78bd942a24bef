"""Screens for auditors and approvers, in Textual."""
