"""Made-up files of the sample pods: logs, a .env, customers with Luhn-valid card numbers, programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_LOG_LINES = 400
_START = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
_PATHS = ("/", "/cart", "/checkout", "/api/items", "/api/items/42", "/login", "/healthz", "/static/app.js")
_FIRST = ("Ada", "Grace", "Linus", "Edsger", "Barbara", "Dennis", "Radia", "Ken", "Margaret", "Alan")
_LAST = ("Miller", "Novak", "Rossi", "Schmidt", "Dubois", "Silva", "Larsen", "Kowalski", "Moreau", "Tanaka")
_CARD_PREFIXES = ("411111", "555555", "400000", "510510")


def luhn(digits: str) -> str:
    """`digits` with its check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def app_log() -> str:
    """An application's log of a few hundred lines; some carry what a log should not."""
    lines = []
    for number in range(_LOG_LINES):
        moment = _START + timedelta(seconds=number * 7)
        path = _PATHS[number * 5 % len(_PATHS)]
        status = 500 if number % 97 == 60 else 404 if number % 31 == 7 else 200
        level = "ERROR" if status == 500 else "WARN" if status == 404 else "INFO"
        text = (
            f"request id={number + 1:06d} method=GET path={path} status={status} ms={number * 37 % 240 + 3}"
        )
        if number % 133 == 50:
            level, text = "DEBUG", f"charging card {_card(number)} for order {number + 5000}"
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%SZ} {level} {text}")
    return "\n".join(lines) + "\n"


def customers() -> str:
    """Customers as CSV: id, name, e-mail, card number, amount."""
    rows = ["id,name,email,card,amount"]
    for number in range(60):
        first, last = _FIRST[number % len(_FIRST)], _LAST[number * 7 % len(_LAST)]
        email = f"{first}.{last}@example.com".lower()
        rows.append(f"{number + 1},{first} {last},{email},{_card(number)},{number * 317 % 20000 / 100:.2f}")
    return "\n".join(rows) + "\n"


def _card(number: int) -> str:
    prefix = _CARD_PREFIXES[number % len(_CARD_PREFIXES)]
    return luhn(f"{prefix}{(number + 11) * 104729 % 10**9:09d}")


DOTENV = """\
# settings of the shop's web tier; every value is made up
APP_ENV=production
APP_DEBUG=false
DATABASE_URL=postgres://shop:Wint3r-Harbour-77@db.shop.svc:5432/shop
SESSION_SECRET=6f1c2b9ae04d4f7c8b13d5a6e7f80912
STRIPE_SECRET_KEY=sk_test_4eC39HqLyjWDarjtT1zdp7dcDemoOnly
AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
SMTP_PASSWORD="correct horse battery staple"
"""

SERVER = """\
#!/bin/sh
# The demo's application: one log line now and then.
n=0
echo "$HOSTNAME: listening on :8080"
while :; do
  n=$((n + 1))
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) INFO heartbeat=$n"
  sleep 15
done
"""

LEDGER = "account,holder,iban,balance\n" + "".join(
    f"{number:05d},{_FIRST[number % 10]} {_LAST[number * 3 % 10]},DE{number:02d}3704004405320130{number:02d},"
    f"{number * 7919 % 100000 / 100:.2f}\n"
    for number in range(1, 41)
)

CACHE = {f"data/cache/page-{number:02d}.html": f"<p>page {number}</p>\n" * 20 for number in range(12)}
OLD = {
    f"data/old/export-2025-{month:02d}.csv": f"month,total\n{month},{month * 1234}\n"
    for month in range(1, 13)
}
