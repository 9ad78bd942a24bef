"""The identity door: OIDC issuers and one-time codes."""
