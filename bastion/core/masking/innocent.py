"""Innocent text: what programs print all day and no detector may mask. Made here, copied from nowhere.

Logs, listings, source code, digests, identifiers, encoded data. The same seed gives the same text, so
that a detector is judged alike everywhere: in the tests, in the bench, and when an operator's own row
is loaded.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from itertools import count

_WORDS = (  # noqa: SIM905 - prose is read as prose
    "account order shipped the service restarted after a timeout because its password was rejected "
    "by user please reset your token session expired cluster node pool routing table number is not "
    "available key value cache secret store mounted for pod basic usage bearer of news card payment "
    "received invoice "
).split()
_NAMES = (
    "alpha",
    "billing",
    "checkout",
    "gateway",
    "ingest",
    "ledger",
    "mailer",
    "orders",
    "search",
    "worker",
)
_HEX = "0123456789abcdef"
_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CODE = (
    "def connect(password: str, token=None, timeout=30):",
    "    password = getpass.getpass('Password: ')",
    "    token = request.headers.get('X-Token')",
    "    if not password: raise ValueError('password is required')",
    "const token = await getToken(); // refresh the token",
    "  password: string; secret?: boolean; apiKey: string | null;",
    "func (c *Client) SetToken(token string) { c.token = token }",
    "private final String password; // never logged",
    "          valueFrom: { secretKeyRef: { name: db, key: password } }",
    "  password: {{ .Values.db.password | quote }}",
    "DB_PASSWORD=${DB_PASSWORD:-}",
    'echo "token: $TOKEN" && export PASSWORD=$(cat /run/secrets/pw)',
    "type: kubernetes.io/service-account-token",
    "secretName: tls-billing",
    "https://example.com:8443/a/b?id=42&page=3#top http://[::1]:8080/@scope/pkg",
    "FROM registry.example.com:5000/team/app@sha256:",
    "for (let i=0;i<n;++i){r+=a[i]^k;t=e?1:0}function n(e,t){return e===t}",
    "assert response.status_code == 200, response.text",
    "SELECT id, password_hash IS NOT NULL FROM users WHERE token IS NULL;",
    "  -p, --password <password>   the password to use (default: none)",
    "Usage: tool login [-u user] [-p] [--token TOKEN_FILE] host",
    "-rw-r--r-- 1 root root  4096 Jan 12  2026 passwords.example.txt",
)  # fmt: skip


class Dice:
    """Numbers that repeat: a linear congruence modulo 2**64 (Knuth, MMIX)."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * 0x9E3779B97F4A7C15 + 1) % 2**64

    def roll(self, sides: int) -> int:
        """0 to `sides` - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % sides

    def text(self, alphabet: str, length: int) -> str:
        """`length` symbols of the alphabet."""
        return "".join([alphabet[self.roll(len(alphabet))] for _ in range(length)])

    def words(self, number: int) -> str:
        """Words of prose."""
        return " ".join([_WORDS[self.roll(len(_WORDS))] for _ in range(number)])

    def name(self) -> str:
        """The name of a service."""
        return _NAMES[self.roll(len(_NAMES))]

    def uuid(self) -> str:
        """A random UUID."""
        parts = [self.text(_HEX, size) for size in (8, 4, 3, 3, 12)]
        return f"{parts[0]}-{parts[1]}-4{parts[2]}-a{parts[3]}-{parts[4]}"

    def moment(self) -> str:
        """A time of day in 2026."""
        return (
            f"2026-{1 + self.roll(12):02}-{1 + self.roll(28):02}"
            f"T{self.roll(24):02}:{self.roll(60):02}:{self.roll(60):02}.{self.roll(1000000):06}Z"
        )


def _log(d: Dice) -> str:
    return f"{d.moment()} INFO [{d.name()}-{d.roll(9)}] {d.words(6)} id={d.uuid()} ms={d.roll(9999)}"


def _json(d: Dice) -> str:
    return (
        f'{{"ts":{1790000000000 + d.roll(10**9)},"level":"info","trace":"{d.text(_HEX, 32)}","order":'
        f'{10**15 + d.roll(10**15)},"msg":"{d.words(5)}","took":{d.roll(10**6) / 1e6!r},"token":null}}'
    )


def _nanos(d: Dice) -> str:
    return f"{1790000000000000000 + d.roll(10**17)} {d.roll(10**9)} 0.{d.roll(10**16):016} {d.roll(10**12)}"


def _access(d: Dice) -> str:
    ip = ".".join([str(d.roll(256)) for _ in range(4)])
    return f'{ip} - - [{d.moment()}] "GET /{d.name()}/{d.roll(10**8)}?page={d.roll(99)} HTTP/1.1" 200'


def _listing(d: Dice) -> str:
    day = f"Jan {1 + d.roll(28):>2} 12:{d.roll(60):02}"
    return f"-rw-r--r--  1 app  app {d.roll(10**7):>9} {day} {d.name()}-{d.text(_HEX, 8)}.js"


def _process(d: Dice) -> str:
    use = f"{d.roll(99) / 10}  {d.roll(99) / 10} {d.roll(10**7)} {d.roll(10**6)}"
    return f"app  {d.roll(99999):>6}  {use} ?  Ssl  12:01  0:{d.roll(60):02} /usr/bin/{d.name()} --port 80"


def _commit(d: Dice) -> str:
    return f"commit {d.text(_HEX, 40)}\nAuthor: {d.name()} <{d.name()}@example.com>\n\n    {d.words(7)}\n"


def _digest(d: Dice) -> str:
    return f"{d.text(_HEX, (32, 40, 64)[d.roll(3)])}  {d.name()}/{d.name()}.{d.text(_HEX, 6)}.tar.gz"


def _package(d: Dice) -> str:
    version = f"{d.roll(9)}.{d.roll(99)}.{d.roll(9)}-{d.roll(9)}+b{d.roll(9)}"
    return f"ii  lib{d.name()}{d.roll(9)}:amd64  {version}  amd64  {d.words(4)}"


def _image(d: Dice) -> str:
    data = bytes([d.roll(256) for _ in range(57 * 3)])
    return (
        base64.encodebytes(data).decode()
        if d.roll(2)
        else "data:image/png;base64," + base64.b64encode(data).decode()
    )


def _stack(d: Dice) -> str:
    service = f"{d.name().title()}Service"
    return (
        f"    at com.example.{d.name()}.{service}.handle({service}.java:{d.roll(900)})\n"
        f'  File "/srv/{d.name()}/app.py", line {d.roll(900)}, in {d.name()}'
    )


def _minified(d: Dice) -> str:
    return ";".join([f"{d.text(_ALNUM[:52], 1)}.{d.text(_ALNUM[:52], 2)}={d.roll(10**6)}" for _ in range(12)])


def _table(d: Dice) -> str:
    return "  ".join([f"{d.roll(10 ** (1 + d.roll(6)))}" for _ in range(10)])


def _code(d: Dice) -> str:
    return _CODE[d.roll(len(_CODE))]


def _prose(d: Dice) -> str:
    return d.words(12) + "."


KINDS: tuple[Callable[[Dice], str], ...] = (
    _log, _json, _nanos, _access, _listing, _process, _commit, _digest, _package, _image, _stack, _minified,
    _table, _code, _prose,
)  # fmt: skip


def lines(seed: int = 1) -> Iterator[bytes]:
    """Lines without end, of all kinds in turn."""
    dice = Dice(seed)
    for number in count():
        yield KINDS[number % len(KINDS)](dice).encode() + b"\n"


def innocent(size: int, seed: int = 1) -> bytes:
    """At least `size` bytes of it."""
    parts: list[bytes] = []
    total = 0
    for line in lines(seed):
        parts.append(line)
        total += len(line)
        if total >= size:
            break
    return b"".join(parts)
