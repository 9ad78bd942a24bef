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
        return post(await _resolved(pod, Known(), compiled, now))
    required = asked.known_values == "required"
    reading = await cluster.secrets(pod, asked.scope)
    if isinstance(reading, Refusal):
        known = Known(why=reading)
        return post(Refused(now(), reading) if required else await _resolved(pod, known, compiled, now))
    try:
        known = reading.known
        if required and known.why:
            return post(Refused(now(), known.why))
        post(await _resolved(pod, known, compiled, now))
        await _keep_up(reading, compiled, now, post)
    finally:
        reading.close()


async def _resolved(pod: Pod, known: Known, compiled: Compiled, now: Clock) -> Resolved:
    patterns = await compiled.patterns(known.values)
    return Resolved(
        now(), pod, patterns, len(known.values), known.weak, known.secrets, known.unread, known.why
    )


async def _keep_up(reading: Reading, compiled: Compiled, now: Clock, post: Post) -> None:
    while True:
        known = await reading.changed()
        if isinstance(known, Refusal):
            post(SecretsLost(now(), known))
        else:
            patterns = await compiled.patterns(known.values)
            post(SecretsAdded(now(), patterns, len(known.values), known.weak))
