"""The systemd unit stays hardened, and starts what exists."""

import re
import subprocess
from pathlib import Path

UNIT = Path(__file__).parents[2] / "systemd" / "bastion.service"


def test_the_unit_is_exposed_by_2_0_at_most():
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for bastion\.service: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found.group(1)) <= 2.0


def test_the_unit_tells_systemd_when_it_is_ready_and_reloads_by_sighup():
    text = UNIT.read_text()
    assert "Type=notify" in text
    assert "ExecReload=/bin/kill -HUP $MAINPID" in text
    assert "bastion serve --config /etc/bastion/bastion.toml" in text
