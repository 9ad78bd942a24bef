"""The demo cluster's wall clock, and time as Kubernetes writes it (RFC 3339, UTC)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def seconds(moment: datetime) -> str:
    """metav1.Time: whole seconds, `2026-01-02T03:04:05Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def micros(moment: datetime) -> str:
    """metav1.MicroTime: `2026-01-02T03:04:05.000000Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def nanos(moment: datetime) -> str:
    """What `kubectl logs --timestamps` shows: RFC 3339 with nanoseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def age(created: str, moment: datetime) -> str:
    """How long ago `created` was, in kubectl's short form: `45s`, `7m30s`, `5h`, `3d`."""
    passed = moment - datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    whole = max(0, int(passed / timedelta(seconds=1)))
    minutes, rest = divmod(whole, 60)
    match whole:
        case small if small < 120:
            return f"{small}s"
        case small if small < 600:
            return f"{minutes}m{rest}s" if rest else f"{minutes}m"
        case small if small < 3 * 3600:
            return f"{minutes}m"
        case small if small < 48 * 3600:
            return f"{minutes // 60}h"
        case _:
            return f"{minutes // 1440}d"
