"""Fields: masking inside Kubernetes API bodies, scalar by scalar, without writing the document anew."""
