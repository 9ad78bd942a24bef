"""The algorithms that the SSH door offers, each list complete and in order of preference.

No SHA-1, no finite-field groups, no NIST curves in the key exchange, no MAC-then-encrypt, no
compression. ChaCha20-Poly1305 is left out because the client's order decides (RFC 4253 §7.1),
OpenSSH puts it first, and AES-GCM costs the server less than half of it per byte.
"""

from __future__ import annotations

KEY_EXCHANGE = ("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org")
HOST_KEYS = ("ssh-ed25519",)
CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes128-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
COMPRESSION = ("none",)
SIGNATURES = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
VERSION = "bastion"
"""The software version of RFC 4253 §4.2: a name, no number that tells what to attack."""
