"""The made-up files: card numbers pass Luhn, the log is long, nothing changes between starts."""

from __future__ import annotations

import re

import pytest

from bastion.demo import sample_files


def valid(number: str) -> bool:
    """Luhn, written the other way round."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + place % 2)
        total += sum(int(part) for part in str(doubled))
    return total % 10 == 0


@pytest.mark.parametrize("text", [sample_files.customers(), sample_files.app_log()])
def test_every_card_number_is_luhn_valid(text):
    cards = re.findall(r"\b\d{16}\b", text)
    assert cards
    assert all(valid(card) for card in cards)


def test_the_log_has_hundreds_of_lines_of_every_level():
    lines = sample_files.app_log().splitlines()
    assert len(lines) >= 300
    assert {line.split()[1] for line in lines} == {"INFO", "WARN", "ERROR", "DEBUG"}
    assert sample_files.app_log() == sample_files.app_log()


def test_the_settings_hold_keys_and_there_is_something_to_delete():
    assert "AWS_SECRET_ACCESS_KEY=" in sample_files.DOTENV
    assert all(path.startswith("data/old/") for path in sample_files.OLD)
    assert all(path.startswith("data/cache/") for path in sample_files.CACHE)
