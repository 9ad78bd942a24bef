"""From a target to a container whose secrets are known, and kept known until the session ends."""

from __future__ import annotations

from collections.abc import Callable

from bastion.model import effects as do
from bastion.model.events import Event, Refused, Resolved, SecretsAdded, SecretsLost
from bastion.model.masks import Known
from bastion.model.pod import Pod
from bastion.model.refusal import Refusal
from bastion.relay.compiled import Compiled
from bastion.relay.ports import Cluster, Reading

Post = Callable[[Event], None]
Clock = Callable[[], float]


async def follow(asked: do.Resolve, cluster: Cluster, compiled: Compiled, now: Clock, post: Post) -> None:
    """Post what the target is; then go on posting what becomes known, until it is cancelled."""
    pod = await cluster.resolve(asked.target)
    if isinstance(pod, Refusal):
        return post(Refused(now(), pod))
    if asked.known_values == "off":
        return post(await _resolved(pod, Known(), compiled, now, required=False))
    required = asked.known_values == "required"
    reading = await cluster.secrets(pod, asked.scope)
    if isinstance(reading, Refusal):
        known = Known(why=reading)
        answer = (
            Refused(now(), reading)
            if required
            else await _resolved(pod, known, compiled, now, required=False)
        )
        return post(answer)
    try:
        known = reading.known
        if required and known.why:
            return post(Refused(now(), known.why))
        answer = await _resolved(pod, known, compiled, now, required=required)
        post(answer)
        if isinstance(answer, Resolved):
            await _keep_up(reading, compiled, now, post)
    finally:
        reading.close()


async def _resolved(
    pod: Pod, known: Known, compiled: Compiled, now: Clock, *, required: bool
) -> Resolved | Refused:
    """What is known of the pod; values that cannot all be masked count as values that cannot be read."""
    patterns = await compiled.patterns(known.values)
    if isinstance(patterns, Refusal):
        known = Known(secrets=known.secrets, unread=known.secrets, why=patterns)
        patterns = patterns if required else await compiled.patterns(())
    if isinstance(patterns, Refusal):
        return Refused(now(), patterns)
    return Resolved(
        now(), pod, patterns, len(known.values), known.weak, known.secrets, known.unread, known.why
    )


async def _keep_up(reading: Reading, compiled: Compiled, now: Clock, post: Post) -> None:
    while True:
        known = await reading.changed()
        patterns = known if isinstance(known, Refusal) else await compiled.patterns(known.values)
        if isinstance(known, Refusal):
            post(SecretsLost(now(), known))
        elif isinstance(patterns, Refusal):
            post(SecretsLost(now(), patterns))
        else:
            post(SecretsAdded(now(), patterns, len(known.values), known.weak))
