"""The embedded default: a small Kubernetes-API-compatible cluster and a demo OIDC issuer."""
