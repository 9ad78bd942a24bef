"""The Kubernetes door: configuration, pods, exec over WebSocket, Secrets."""
