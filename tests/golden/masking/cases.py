"""Masking cases in our own words: classes of ways in which maskers are known to leak."""

from __future__ import annotations

import base64
from typing import Any

KEY = "Qm7_wPz-4Trk9Vb2Xn"
LONG = "bN4xKq8ZtR2mWv6YcJ0sLd3FhGp7TaUe"
SHORT = "tr0mbone"
WIDE = "鍵は秘密の文字列です九"
PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(
    "MIIEowIBAAKCAQEA" + letter * 48 for letter in "qwertz"
) + "\n-----END RSA PRIVATE KEY-----\n"  # fmt: skip


def _case(name: str, kind: str, text: str | list[str], *secrets: str, **more: Any) -> dict[str, Any]:
    pieces = [text] if isinstance(text, str) else text
    return {
        "name": name,
        "kind": kind,
        "cols": 80,
        "rows": 24,
        "secrets": list(secrets),
        "chunks": [base64.b64encode(piece.encode()).decode() for piece in pieces],
        "must_not_appear": list(secrets),
        "must_appear": [],
        "same": False,
    } | more


PTY = [
    _case("pty_once", "pty", f"$ cat f\r\n{KEY}\r\n$ ", KEY, must_appear=["cat f"]),
    _case("pty_byte_by_byte_slowly", "pty", list(KEY + "\r\n"), KEY, gap_ms=1500),
    _case("pty_coloured_inside", "pty", f"a \x1b[31m{KEY[:7]}\x1b[0;1m{KEY[7:]}\x1b[0m\r\n", KEY),
    _case("pty_title_inside", "pty", f"{KEY[:6]}\x1b]0;x\x07{KEY[6:]}\r\n", KEY),
    _case("pty_title_is_the_secret", "pty", f"\x1b]2;{KEY}\x1b\\ok\r\n", KEY, must_appear=["ok"]),
    _case("pty_link_is_the_secret", "pty", f"\x1b]8;;https://h/{LONG}\x07go\x1b]8;;\x07\r\n", LONG, must_appear=["go"]),
    _case("pty_zero_width", "pty", f"{KEY[:5]}\u200b{KEY[5:9]}\u2060{KEY[9:]}\r\n", KEY),
    _case("pty_soft_wrap", "pty", "-" * 70 + LONG + "\r\n", LONG),
    _case("pty_columns", "pty", f"\x1b[2J\x1b[3;30H{KEY[9:]}\x1b[3;21H{KEY[:9]}", KEY),
    _case("pty_carriage_return", "pty", " " * 9 + f"{KEY[9:]}\r{KEY[:9]}\r\n", KEY),
    _case("pty_overstrike", "pty", "".join(f"{c}\b{c}" for c in KEY) + "\r\n", KEY),
    _case("pty_backspaces", "pty", f"{KEY[:8]}zz\b\b  \b\b{KEY[8:]}\r\n", KEY),
    _case("pty_scroll_up_in_margins", "pty", f"\x1b[2J\x1b[2;6r\x1b[6;1Ha={KEY}\r\nb\r\n\x1b[r", KEY),
    _case("pty_insert_characters", "pty", f"\x1b[1;1H{KEY[9:]}\x1b[1;1H\x1b[9@{KEY[:9]}", KEY),
    _case("pty_insert_mode", "pty", f"\x1b[1;1H{KEY[9:]}\x1b[1;1H\x1b[4h{KEY[:9]}\x1b[4l", KEY),
    _case("pty_delete_characters", "pty", f"{KEY[:9]}###{KEY[9:]}\x1b[1;10H\x1b[3P", KEY),
    _case("pty_delete_line_joins_rows", "pty", f"{'=' * 71}{KEY[:9]}\r\nno\r\n{KEY[9:]}\x1b[2;1H\x1b[M", KEY),
    _case("pty_repeat", "pty", "Qm\x1b[6b7pw\r\n", "Qmmmmmmm7pw"),
    _case("pty_alternate_screen", "pty", f"\x1b[?1049h\x1b[H{KEY}\x1b[?1049l$ ", KEY, must_appear=["$ "]),
    _case("pty_graphics_charset", "pty", f"\x1b(0{KEY}\x1b(B\r\n", KEY),
    _case("pty_wide_glyphs", "pty", f"xxxxx{WIDE}\r\n", WIDE, cols=16),
    _case("pty_text_then_cancelled_sequence", "pty", f"{KEY[:6]}\x1b[1;\x18{KEY[6:]}\r\n", KEY),
    _case("pty_device_string_swallowed", "pty", f"\x1bPq{KEY}\x1b\\after\r\n", KEY, must_appear=["after"]),
    _case("pty_clipboard_stripped", "pty", f"\x1b]52;c;{base64.b64encode(KEY.encode()).decode()}\x07x\r\n", "]52;", KEY),
    _case("pty_vertical_panes", "pty", "".join(
        f"\x1b[{row + 1};1H{LONG[row * 7:row * 7 + 7]}\x1b[{row + 1};9H│ cpu {row}" for row in range(5)), LONG[:21]),
    _case("pty_short_value", "pty", f"pw {SHORT}\r\n", SHORT),
    _case("pty_learned", "pty", ["export API_TOKEN=zz81-Kq0-aa7\r\n", "zz81-Kq0-aa7\r\n"], must_not_appear=["zz81-Kq0-aa7"]),
    _case("pty_key_typed_later", "pty", [f"{KEY[:9]}", f"{KEY[9:]}\r\n"], KEY, gap_ms=400,
          secrets_added=[{"after_chunk": 0, "index": 0}]),
    _case("pty_resized_in_the_middle", "pty", ["-" * 75 + KEY[:5], KEY[5:] + "\r\n"], KEY,
          resize=[{"after_chunk": 0, "cols": 50, "rows": 20}]),
    _case("pty_dsn_byte_by_byte", "pty", list("redis://:r3d1s-Pw0@cache/0\r\n"), gap_ms=30,
          must_not_appear=["r3d1s-Pw0", "r3d1"], must_appear=["redis://:", "@cache/0"]),
    _case("pty_dsn_stopped_before_the_host", "pty", ["amqp://u:Zk8-p%40s", "s@mq/\r\n"], gap_ms=400,
          must_not_appear=["Zk8-p"], must_appear=["@mq/"]),
    _case("pty_card_stopped_after_a_blank", "pty", ["4111 1111 ", "1111 1111\r\n"], gap_ms=400,
          must_not_appear=["4111 1111"], must_appear=["1111"]),
    _case("pty_blank_where_it_wraps", "pty", "\x1b[H" + "-" * 70 + "número de cuenta: 2100 0418 45 0200051332\r\n",
          must_not_appear=["0200051332"]),
    _case("pty_context_in_the_order_of_sending", "pty",
          [f"$ {KEY[:9]}", f"{KEY[9:]} and more of it\n- name: DB_PASSWORD\n", "          value: zz81-Kq0-aa7\n"],
          gap_ms=30, must_not_appear=["zz81-Kq0-aa7"], must_appear=["DB_PASSWORD"]),
    _case("pty_stairs_without_returns", "pty", ["-" * 41 + "\npassword: |\n", "  zz81-Kq0-aa7\nok"],
          gap_ms=30, must_not_appear=["zz81-Kq0-aa7"], must_appear=["password: |", "ok"]),
    _case("pty_hold_begins_in_a_sequence", "pty", list("a\u2060uthorization:\x1b[0m\x1b(B AWS4\0-HMAC-SHA256 Cred\r\n"),
          gap_ms=30, must_not_appear=["\x1b[\r", "AWS4-HMAC"]),
    _case("pty_same_colours_and_modes", "pty",
          "\x1b]0;t\x07\x1b[?2004h\x1b[1;38;5;9mred\x1b[0m é 漢\t\x1b[K\r\n\x1b[4:3m\x1b[>4;2m\x1b[0m$ ", KEY, same=True),
    _case("pty_same_editor", "pty",
          ["\x1b[?1049h\x1b[22;0;0t\x1b[1;24r\x1b[H\x1b[2J\x1b[24;1H-- INSERT --", "\x1b[1;1Hline\x1b[K\x1b[2;1H~", "\x1b[?1049l"],
          KEY, same=True),
    _case("pty_same_progress", "pty", ["\r 1%", "\r 50%", "\r100%\r\n"], KEY, same=True),
]  # fmt: skip
STREAM = [
    _case("stream_once", "stream", f"x={LONG}\n", LONG),
    _case("stream_byte_by_byte", "stream", list(f"x={LONG}\n"), LONG),
    _case("stream_base64_of_it", "stream", base64.b64encode(f"user:{KEY}:x".encode()).decode() + "\n", KEY,
          must_not_appear=[base64.b64encode(f"user:{KEY}".encode()).decode()[8:-4]]),
    _case("stream_hex_of_it", "stream", KEY.encode().hex() + "\n", KEY, must_not_appear=[KEY.encode().hex()]),
    _case("stream_folded_at_16", "stream", f"{LONG[:16]}\n{LONG[16:]}\n", LONG, must_not_appear=[LONG[:16], LONG[16:]]),
    _case("stream_reversed", "stream", LONG[::-1] + "\n", LONG, must_not_appear=[LONG[::-1]]),
    _case("stream_ends_inside", "stream", LONG[:20], LONG, must_not_appear=[LONG[:12]]),
    _case("stream_private_key", "stream", list(PEM), must_not_appear=["MIIEowIBAAKCAQEA", "q" * 16]),
    _case("stream_key_without_end", "stream", ["-----BEGIN RSA PRIVATE KEY-----\n", *["A" * 4096] * 8], must_not_appear=["AAAAAA"]),
    _case("stream_card", "stream", "card 5425 2334 3010 9903\n", must_not_appear=["5425 2334 3010 9903"],
          must_appear=["5425 23", "9903"]),
    _case("stream_same_text", "stream", ["nothing to hide " * 40, "\n", "é漢\x00\xff" * 30], KEY, LONG, same=True),
    _case("stream_same_near_miss", "stream", "4242424242424241 000-12-3456 password=$PW eyJ token: null\n", KEY, same=True),
]  # fmt: skip
CASES = [*PTY, *STREAM]
