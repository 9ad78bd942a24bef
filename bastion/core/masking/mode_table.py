"""The table of terminal modes (SM, RM, DECSET, DECRST): what becomes of setting and resetting each.

Sources: ECMA-48, DEC STD 070 and xterm's ctlseqs.
"""

from __future__ import annotations

from bastion.core.masking.sequences import Mode, Use

_M, _H, _X = Use.MODELLED, Use.HARMLESS, Use.STRIPPED


def _modes(on: Use, off: Use, *rows: tuple[int, str]) -> tuple[Mode, ...]:
    return tuple(Mode(number, on, off, title) for number, title in rows)


MODES = (
    *_modes(
        _M,
        _M,
        (6, "DECOM, origin"),
        (7, "DECAWM, wrap"),
        (69, "DECLRMM, side margins"),
        (47, "alternate screen"),
        (1047, "alternate screen, cleared"),
        (1048, "cursor saved"),
        (1049, "alternate screen, cleared, cursor saved"),
    ),
    *_modes(
        _H,
        _H,
        (1, "DECCKM, cursor keys"),
        (4, "smooth scrolling"),
        (5, "reverse video"),
        (8, "key repeat"),
        (9, "mouse of X10"),
        (12, "blinking cursor"),
        (25, "cursor visible"),
        (40, "allow 132 columns"),
        (42, "national sets"),
        (44, "margin bell"),
        (66, "DECNKM, keypad"),
        (67, "DECBKM, backspace"),
        (1000, "mouse clicks"),
        (1001, "mouse highlight"),
        (1002, "mouse drags"),
        (1003, "mouse moves"),
        (1004, "focus"),
        (1005, "mouse in UTF-8"),
        (1006, "mouse as SGR"),
        (1007, "wheel as keys"),
        (1010, "scroll on output"),
        (1011, "scroll on key"),
        (1015, "mouse of urxvt"),
        (1016, "mouse in pixels"),
        (1034, "meta sends the eighth bit"),
        (1035, "Num Lock"),
        (1036, "meta sends ESC"),
        (1039, "alt sends ESC"),
        (1042, "bell marks urgent"),
        (1043, "bell raises"),
        (2004, "bracketed paste"),
        (2026, "synchronised output"),
        (2031, "colour scheme notices"),
        (2048, "size notices"),
        (7727, "escape key"),
    ),
    *_modes(
        _X,
        _M,
        (
            3,
            "DECCOLM: 132 columns never; 80 at 80 clears some screens, so both readings are followed",
        ),
    ),
    *_modes(
        _X,
        _H,
        (45, "reverse wrap: terminals differ"),
        (95, "keep the screen at DECCOLM"),
        (1045, "reverse wrap of xterm"),
        (2027, "grapheme clusters: other widths"),
        (41, "a fix for more(1): another wrap"),
    ),
    *_modes(
        _X,
        _X,
        (2, "DECANM: VT52 has other sequences"),
        (18, "print with form feed"),
        (19, "print all"),
        (80, "sixel scrolling"),
        (1046, "locks the alternate screen"),
    ),
    Mode(4, _M, _M, "IRM, insert", private=False),
    Mode(20, _M, _M, "LNM, LF returns too", private=False),
    Mode(12, _H, _X, "SRM; reset, the terminal echoes by itself", private=False),
    Mode(2, _X, _H, "KAM locks the keyboard", private=False),
)
HARMLESS_MODES = frozenset(
    mode.number for mode in MODES if mode.private and mode.on is mode.off is Use.HARMLESS
)
