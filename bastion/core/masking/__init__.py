"""Masking: bytes and time in, bytes and mask events out; no secret leaves in clear."""
