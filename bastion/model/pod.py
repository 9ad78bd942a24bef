"""A container that a target was resolved to: names for people, UIDs for proof."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pod:
    """One running container. `uid` and `container_id` bind approvals to this very instance."""

    cluster: str
    namespace: str
    name: str
    uid: str
    container: str
    container_id: str
    labels: tuple[tuple[str, str], ...] = ()
    workload: str = ""

    def __str__(self) -> str:
        return f"{self.cluster}={self.namespace}/{self.name}/{self.container}"
