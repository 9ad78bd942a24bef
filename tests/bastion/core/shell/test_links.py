"""Links: what one leads to is judged when it is made, for later only its own name is seen."""

from __future__ import annotations

import pytest


def only(facts, text, **how):
    (unit,) = facts(text, **how).units
    return unit


def trees(unit, use):
    return {
        path
        for command in unit.commands
        for access in command.accesses
        if access.use == use and access.tree
        for path in access.paths
    }


@pytest.mark.parametrize(
    "text",
    [
        "cp -s /etc/x l", "cp -l /etc/x l", "cp -fl /etc/x l", "cp --symbolic-link /etc/x l", "cp --sym /etc/x l", "cp --link /etc/x l", "cp -rs /etc/x l", "cp -st /tmp /etc/x",
        "ln /etc/x l", "ln -s /etc/x l", "ln -sf /etc/x l", "ln -st /tmp /etc/x", "ln /etc/x", "busybox cp -s /etc/x l", "ln -s ../etc/x l",
    ],
)  # fmt: skip
def test_what_a_link_leads_to_is_written(facts, text):
    assert "/etc/x" in trees(only(facts, text), "write")


def test_a_copy_without_links_writes_only_its_target(facts):
    (command,) = only(facts, "cp /etc/x l").commands
    assert {path for each in command.accesses if each.use == "write" for path in each.paths} == {"/app/l"}


@pytest.mark.parametrize("text", ["ln -s x /etc/l", "ln -s ../x l", "ln -rs $x l"])
def test_a_relative_link_may_lead_anywhere(facts, text):
    assert any(access.unknown and access.use == "write" for access in only(facts, text).commands[0].accesses)


@pytest.mark.parametrize(
    "text",
    [
        "cp -P a b", "cp -d a b", "cp -a a b", "cp --archive a b", "cp --arch a b", "cp --no-deref a b", "cp --preserve=links a b", "cp --preserve=mode,links a b", "cp --preserve=all a b", "cp --pres=l a b",
        "cp -r /proc/self/root b", "cp -R /proc/1/cwd b", "cp -r /p*/self/exe b", "cp -r /proc b", "cp -r / b", "cp -r /dev/fd b", "cp -r /var/run b", "cp -rT ../proc/1/root b", "cp -r /*/self b", "cp -r $x b",
        "cp -r /sys/x b", "cp -rf /bin b", "cd /proc/1 && cp -r root /tmp/b", "cp -r ~/x b",
    ],
)  # fmt: skip
def test_a_copy_that_may_keep_a_link_is_not_understood(facts, text):
    assert not only(facts, text).understood


@pytest.mark.parametrize(
    "text",
    [
        "cp a b",
        "cp -p a b",
        "cp -r a b",
        "cp -r /srv/app /tmp/b",
        "cp -r *.conf /tmp",
        "cp --preserve=mode a b",
    ],
)
def test_ordinary_copies_are_understood(facts, text):
    assert only(facts, text).understood


@pytest.mark.parametrize("text", ["tar xf a", "tar -xzf a -C /tmp", "tar --extract -f a", "unzip a", "unzip -o a -d /tmp", "cpio -i", "cpio -id -I a", "rsync -a a b", "rsync -l a b"])  # fmt: skip
def test_what_may_unpack_links_is_not_understood_and_writes(facts, text):
    unit = only(facts, text)
    assert not unit.understood
    assert any(access.use == "write" for access in unit.commands[0].accesses)


@pytest.mark.parametrize(
    "text", ["tar tf a", "tar xOf a", "tar cf b a", "unzip -l a", "unzip -p a x", "cpio -it"]
)
def test_listing_an_archive_is_understood(facts, text):
    assert only(facts, text).understood


def test_members_are_looked_for_where_the_archiver_went(facts):
    assert "/etc/shadow" in trees(only(facts, "tar cf o -C /etc shadow"), "read")
    (command,) = only(facts, "tar cf o -C / -C etc shadow").commands
    assert any(access.unknown for access in command.accesses)


def test_install_writes_the_directories_that_it_makes(facts):
    (command,) = only(facts, "install -d /etc/x").commands
    assert any(access.use == "write" and access.paths == ("/etc/x",) for access in command.accesses)
