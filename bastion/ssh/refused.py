"""The table of SSH channels and requests that the door knows and does not offer, with its lines.

What is in no table is unknown and refused too. The wire asks `line_for`; the test walks `TABLE`.
"""

from __future__ import annotations

import re
from typing import Literal

from bastion.model.refusal import Refusal

Place = Literal["channel", "request", "global", "subsystem"]

_TRANSFER = "file transfers are not offered"
_FORWARD = "port forwarding is not offered"
_SOCKET = "socket forwarding is not offered"
_X11 = "X11 forwarding is not offered"
_AGENT = "agent forwarding is not offered"

TABLE: dict[tuple[Place, str], str] = {
    ("channel", "direct-tcpip"): _FORWARD,
    ("channel", "forwarded-tcpip"): _FORWARD,
    ("channel", "direct-streamlocal@openssh.com"): _SOCKET,
    ("channel", "forwarded-streamlocal@openssh.com"): _SOCKET,
    ("channel", "tun@openssh.com"): "tunnels are not offered",
    ("channel", "x11"): _X11,
    ("channel", "auth-agent@openssh.com"): _AGENT,
    ("request", "auth-agent-req@openssh.com"): _AGENT,
    ("request", "x11-req"): _X11,
    ("subsystem", "sftp"): _TRANSFER,
    ("subsystem", "netconf"): "the subsystem netconf is not offered",
    ("global", "tcpip-forward"): _FORWARD,
    ("global", "cancel-tcpip-forward"): _FORWARD,
    ("global", "streamlocal-forward@openssh.com"): _SOCKET,
    ("global", "cancel-streamlocal-forward@openssh.com"): _SOCKET,
    ("global", "hostkeys-prove-00@openssh.com"): "there is no other host key to prove",
}

QUIET_REQUESTS = frozenset({"simple@putty.projects.tartarus.org", "winadj@putty.projects.tartarus.org"})
"""Channel requests that PuTTY's protocol note wants answered with a plain failure; no refusals."""

_UNKNOWN: dict[Place, str] = {
    "channel": "channels of the type {name} are not offered",
    "request": "the channel request {name} is not offered",
    "global": "the request {name} is not offered",
    "subsystem": "the subsystem {name} is not offered",
}
_SCP_FLAGS = re.compile(rb"-[A-Za-z0-9]*[tf][A-Za-z0-9]*")
_MAX_NAME = 64


def line_for(place: Place, name: str) -> Refusal:
    """The refusal of `name` at `place`; unknown names are quoted, bounded and printable."""
    text = TABLE.get((place, name)) or _UNKNOWN[place].format(name=plain(name))
    return Refusal("not-offered", text, "only commands and shells are")


def plain(text: str) -> str:
    """A client's word as printable ASCII in quotes, at most 64 characters."""
    return ascii(text if len(text) <= _MAX_NAME else text[: _MAX_NAME - 3] + "...")


def is_scp(line: bytes) -> bool:
    """Whether an exec line starts the far side of the old scp protocol (`scp -t` or `scp -f`)."""
    words = line.split()
    if not words or words[0].rpartition(b"/")[2] != b"scp":
        return False
    for word in words[1:]:
        if word == b"--" or not word.startswith(b"-"):
            return False
        if _SCP_FLAGS.fullmatch(word):
            return True
    return False
