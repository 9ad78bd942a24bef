"""The table of terminal sequences: every class is modelled, harmless, scanned or stripped.

Sources: ECMA-48, DEC STD 070, xterm's ctlseqs, and the documents of the terminals that are named. What
stands in no row is stripped too; a stripped row only says why.
"""

from __future__ import annotations

from bastion.core.masking.mode_table import MODES
from bastion.core.masking.sequences import Cut, Kind, Sequence, Table, Use

_M, _H, _S, _X = Use.MODELLED, Use.HARMLESS, Use.SCANNED, Use.STRIPPED
_ERASES, _MODE, _STATE = Cut.ERASES, Cut.MODE, Cut.STATE


def _rows(
    kind: Kind, use: Use, *rows: tuple[str, str] | tuple[str, str, Cut] | tuple[str, str, Cut, str]
) -> tuple[Sequence, ...]:
    """Rows as (name, title, cut, only), the last two optional."""
    return tuple(
        Sequence(
            kind, row[0], use, row[1], row[3] if len(row) > 3 else "", row[2] if len(row) > 2 else Cut.NONE
        )
        for row in rows
    )


CONTROLS = (
    *_rows(
        Kind.CONTROL,
        _M,
        ("\b", "BS, one cell left"),
        ("\t", "HT, to the next tab stop"),
        ("\n", "LF, down one row", _ERASES),
        ("\v", "VT, as LF", _ERASES),
        ("\f", "FF, as LF", _ERASES),
        ("\r", "CR, to the row's start"),
        ("\x0e", "SO, character set G1", _MODE),
        ("\x0f", "SI, character set G0", _MODE),
    ),
    *_rows(Kind.CONTROL, _H, ("\x00", "NUL, padding"), ("\x07", "BEL"), ("\x7f", "DEL, padding")),
    *_rows(Kind.CONTROL, _X, ("\x05", "ENQ asks for an answer, which would be typed into the pod")),
)
ESCAPES = (
    *_rows(
        Kind.ESCAPE,
        _M,
        ("7", "DECSC, save the cursor", _STATE),
        ("8", "DECRC, restore the cursor", _MODE),
        ("D", "IND, down, scrolling", _ERASES),
        ("E", "NEL, next line", _ERASES),
        ("H", "HTS, set a tab stop"),
        ("M", "RI, up, scrolling", _ERASES),
        ("c", "RIS, reset", _STATE),
        ("#8", "DECALN, fill with E", _STATE),
        ("(B", "ASCII into G0", _MODE),
        (")B", "ASCII into G1", _MODE),
        ("(0", "DEC graphics into G0", _MODE),
        (")0", "DEC graphics into G1", _MODE),
        ("(A", "British into G0; # may look like £", _MODE),
        (")A", "British into G1; # may look like £", _MODE),
    ),
    *_rows(
        Kind.ESCAPE,
        _H,
        ("=", "DECKPAM, keypad sends sequences"),
        (">", "DECKPNM, keypad sends digits"),
        ("\\", "ST without a string"),
        *(
            (f"{slot}{name}", f"{what} into {place}, which nothing that passes can select")
            for slot, place in (("*", "G2"), ("+", "G3"))
            for name, what in (("A", "British"), ("B", "ASCII"), ("0", "DEC graphics"))
        ),
        (" F", "S7C1T, answers in 7 bits"),
    ),
    *_rows(
        Kind.ESCAPE,
        _X,
        ("N", "SS2: terminals differ"),
        ("O", "SS3: terminals differ"),
        ("n", "LS2: terminals differ"),
        ("o", "LS3: terminals differ"),
        ("|", "LS3R: terminals differ"),
        ("}", "LS2R: terminals differ"),
        ("~", "LS1R: terminals differ"),
        ("Z", "DECID asks for an answer; DA is the known way"),
        ("6", "DECBI: terminals differ"),
        ("9", "DECFI: terminals differ"),
        ("l", "memory lock of HP terminals"),
        ("m", "memory unlock of HP terminals"),
        ("%G", "UTF-8 is in use anyway"),
        ("%@", "leaves UTF-8"),
        (" G", "S8C1T, answers in 8 bits"),
        *((f"#{n}", "double size: terminals differ where the row ends") for n in "3456"),
    ),
)
CSI = (
    *_rows(
        Kind.CSI,
        _M,
        ("@", "ICH, insert blanks", _ERASES),
        ("A", "CUU, up"),
        ("B", "CUD, down"),
        ("C", "CUF, right"),
        ("D", "CUB, left"),
        ("E", "CNL, down to the row's start"),
        ("F", "CPL, up to the row's start"),
        ("G", "CHA, column"),
        ("H", "CUP, row and column"),
        ("I", "CHT, tab stops on"),
        ("J", "ED, erase in the display", _ERASES),
        ("K", "EL, erase in the row", _ERASES),
        ("L", "IL, insert rows", _ERASES),
        ("M", "DL, delete rows", _ERASES),
        ("P", "DCH, delete characters", _ERASES),
        ("S", "SU, scroll up", _ERASES),
        ("T", "SD, scroll down", _ERASES, r"\d*"),
        ("X", "ECH, erase characters", _ERASES),
        ("Z", "CBT, tab stops back"),
        ("`", "HPA, column"),
        ("a", "HPR, right"),
        ("b", "REP, repeat the character just printed", _ERASES),
        ("d", "VPA, row"),
        ("e", "VPR, down"),
        ("f", "HVP, row and column"),
        ("g", "TBC, clear tab stops"),
        ("m", "SGR, colours and styles"),
        ("r", "DECSTBM, rows that scroll", _MODE),
        ("s", "DECSLRM or SCOSC, side margins or save the cursor", _STATE),
        ("u", "SCORC, restore the cursor", _MODE),
        ("!p", "DECSTR, soft reset", _MODE),
    ),
    *_rows(
        Kind.CSI,
        _H,
        ("c", "DA1, asks what the terminal is"),
        (">c", "DA2, asks its version"),
        ("=c", "DA3, asks its unit id"),
        ("n", "DSR, asks for status or cursor", Cut.NONE, "5|6"),
        ("?n", "DSR of DEC, asks for its state"),
        ("$p", "DECRQM, asks for an ANSI mode"),
        ("?$p", "DECRQM, asks for a private mode"),
        (">q", "XTVERSION, asks its name"),
        (" q", "DECSCUSR, the cursor's shape"),
        (">m", "XTMODKEYS"),
        ("?m", "XTQMODKEYS"),
        (">n", "XTMODKEYS off"),
        ("?u", "kitty keyboard, asks"),
        (">u", "kitty keyboard, push"),
        ("<u", "kitty keyboard, pop"),
        ("=u", "kitty keyboard, set"),
        ("%m", "a probe of vim that every terminal ignores", Cut.NONE, "0"),
        (
            "t",
            "asks for the size in characters or pixels, saves or restores titles",
            Cut.NONE,
            r"14|18|2[23](?:;[012](?:;0)?)?",
        ),
    ),
    *_rows(
        Kind.CSI,
        _X,
        ("t", "titles sent back as typed text (21), moving, sizing and iconifying windows"),
        ("i", "media copy prints"),
        ("?i", "media copy prints"),
        ("n", "other reports"),
        ("x", "DECREQTPARM"),
        ("q", "DECLL, lamps"),
        ("T", "highlight tracking"),
        ("?J", "DECSED: terminals differ"),
        ("?K", "DECSEL: terminals differ"),
        ('"p', "DECSCL, another level"),
        ('"q', "DECSCA, protected cells"),
        ("$r", "DECCARA, rectangles"),
        ("$t", "DECRARA, rectangles"),
        ("$v", "DECCRA copies rectangles"),
        ("$x", "DECFRA fills rectangles"),
        ("$z", "DECERA erases rectangles"),
        ("${", "DECSERA erases rectangles"),
        ("*x", "DECSACE"),
        ("*y", "DECRQCRA reads the screen by checksums"),
        ("#{", "XTPUSHSGR"),
        ("#}", "XTPOPSGR"),
        ("#p", "XTPUSHCOLORS"),
        ("#q", "XTPOPCOLORS"),
        ("^", "SD of ECMA-48: terminals differ"),
        ("'}", "DECIC: terminals differ"),
        ("'~", "DECDC: terminals differ"),
        (" @", "SL: terminals differ"),
        (" A", "SR: terminals differ"),
        ("?W", "DECST8C: terminals differ"),
        (">t", "XTSMTITLE"),
        (">T", "XTRMTITLE"),
        (">p", "XTSMPOINTER"),
        ("&w", "DECRQDE"),
    ),
)
OSC = (
    *_rows(
        Kind.OSC,
        _S,
        ("0", "icon name and title"),
        ("1", "icon name"),
        ("2", "title"),
        ("4", "colours"),
        ("7", "directory"),
        ("8", "hyperlinks"),
        ("9", "notices, progress"),
        ("10", "text colour"),
        ("11", "background"),
        ("12", "cursor colour"),
        ("17", "selection"),
        ("19", "selected text"),
        ("104", "colours reset"),
        ("110", "text colour reset"),
        ("111", "background reset"),
        ("112", "cursor colour reset"),
        ("117", "selection reset"),
        ("119", "selected text reset"),
        ("133", "prompt marks"),
        ("633", "prompt marks of VS Code"),
    ),
    *_rows(
        Kind.OSC,
        _X,
        ("52", "reads or writes the clipboard"),
        ("3", "X properties"),
        ("50", "fonts"),
        ("66", "kitty draws text by it"),
        ("99", "notices of kitty"),
        ("777", "notices of rxvt"),
        ("1337", "files, clipboard and more of iTerm2"),
        ("5522", "clipboard of kitty"),
    ),
)
STRINGS = (
    *_rows(
        Kind.STRING,
        _S,
        ("P", "XTGETTCAP, asks for capabilities", Cut.NONE, r"\+q[0-9A-Fa-f;]{2,128}"),
        ("P", "DECRQSS, asks for a setting", Cut.NONE, r'\$q(?:m|r|s|"p|"q| q|t|\*x|\$\|)'),
        ("P", "a probe of vim: a terminal that prints it knows no strings", Cut.NONE, "zz"),
    ),
    *_rows(
        Kind.STRING,
        _X,
        ("P", "tmux passthrough", Cut.NONE, r"tmux;.*"),
        ("P", "sixel graphics", Cut.NONE, r"[\d;]*q.*"),
        ("P", "tmux control mode", Cut.NONE, "1000p.*"),
        ("P", "XTSETTCAP", Cut.NONE, r"\+p.*"),
        ("P", "DECUDK, keys that type", Cut.NONE, r"[\d;]*\|.*"),
        ("P", "DECDLD, glyphs that look like others", Cut.NONE, r"[\d;]*\{.*"),
        ("P", "any other device string"),
        ("_", "kitty graphics", Cut.NONE, "G.*"),
        ("_", "any other application string"),
        ("^", "privacy message"),
        ("X", "start of string"),
    ),
)

TABLE = Table((*CONTROLS, *ESCAPES, *CSI, *OSC, *STRINGS), MODES)
