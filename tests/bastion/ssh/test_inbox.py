"""Bytes that wait, and the window that opens as they are taken."""

import asyncio

from bastion.ssh.inbox import Inbox


class Counter:
    def __init__(self):
        self.count = 0

    def consumed(self, count):
        self.count += count


def test_the_window_opens_by_what_was_taken():
    inbox, window = Inbox(), Counter()
    inbox.put(b"abc")
    inbox.attach(window)
    assert window.count == 0
    assert (inbox.take(2), inbox.take(9), inbox.take(9)) == (b"ab", b"c", b"")
    assert window.count == 3


async def test_news_that_came_before_the_wait_counts():
    inbox = Inbox()
    for tell in (lambda: inbox.put(b"x"), inbox.end, inbox.wake):
        tell()
        await asyncio.wait_for(inbox.news(), 1)
    assert inbox.ended
