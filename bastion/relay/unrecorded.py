"""The one line that may reach a client without a leaf of its own, and every place that may send it.

Where the ledger still takes leaves, each line of the bastion is appended before it is sent. Where it
does not, silence would leave people without a reason, so this constant goes out: it quotes nothing.
"""

from __future__ import annotations

from types import MappingProxyType

from bastion.model.refusal import EXIT_FAULT, Refusal

UNRECORDED = Refusal(
    "not-recorded",
    "the session cannot be recorded, so it is ended or not opened, and nothing was done",
    "tell the operators of the bastion",
    EXIT_FAULT,
)
PLACES = MappingProxyType(
    {
        "bastion/relay/loop.py": "a session whose ledger or recording failed",
        "bastion/app/counter.py": "a refusal or an answer of the login approvals that cannot be recorded",
        "bastion/ssh/exchange.py": "an exchange whose input is refused",
        "bastion/app/house.py": "a sign-in, an exchange or a session that cannot be recorded",
    }
)
