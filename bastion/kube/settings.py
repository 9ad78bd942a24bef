"""What the configuration says about one cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from bastion.kube.identity import Impersonation


@dataclass(frozen=True, slots=True)
class KubeSettings:
    """One cluster. Times are in seconds.

    `kubeconfig` is a path (several joined with `:`; empty: the usual places, `$KUBECONFIG` or
    `~/.kube/config`); `context` is the one to use, empty for the file's current one. `in_cluster`
    uses the pod's own service account instead. `request_timeout` bounds one read including its
    repeats, `open_timeout` the start of an exec, `credential_timeout` a credential plugin,
    `kill_timeout` the end of a remote command. `input_grace` is how long a command without a
    terminal on a v4-only cluster may be silent after the client ended its input.
    `secrets_poll` is the time between two reads of a pod's Secrets where the bastion may not watch
    them; `secrets_grace` how long a session that requires their values goes on without news of them.
    `allow_insecure` accepts plain HTTP and `insecure-skip-tls-verify`; for tests only.
    """

    name: str
    kubeconfig: str = ""
    context: str = ""
    in_cluster: bool = False
    impersonation: Impersonation = field(default_factory=Impersonation)
    request_timeout: float = 10.0
    open_timeout: float = 15.0
    credential_timeout: float = 15.0
    kill_timeout: float = 5.0
    ping_interval: float = 30.0
    pong_timeout: float = 20.0
    input_grace: float = 10.0
    secrets_poll: float = 10.0
    secrets_grace: float = 300.0
    allow_insecure: bool = False


class CredentialError(Exception):
    """The configuration or the credential cannot be used; the text holds no secret."""
