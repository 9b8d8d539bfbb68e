"""Finding the names of models in a response, so that a rater does not learn who wrote it."""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

HIDDEN = "[name hidden]"

_ALIKE = {
    "a": "\u0430\u03b1",
    "b": "\u0432\u03b2",
    "c": "\u0441\u03f2",
    "d": "\u0501",
    "e": "\u0435\u0454",
    "g": "\u0261",
    "h": "\u04bb\u043d",
    "i": "\u0456\u03b9\u0131",
    "j": "\u0458",
    "k": "\u043a\u03ba",
    "l": "\u04cf",
    "m": "\u043c",
    "n": "\u0578",
    "o": "\u043e\u03bf\u0585",
    "p": "\u0440\u03c1",
    "s": "\u0455",
    "t": "\u0442\u03c4",
    "u": "\u03c5\u057d",
    "v": "\u03bd",
    "w": "\u051d",
    "x": "\u0445\u03c7",
    "y": "\u0443\u03b3",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
}
"""Cyrillic, Greek and Armenian small letters that look like each Latin one, and other hyphens."""

_LOOKALIKES = {letter: plain for plain, letters in _ALIKE.items() for letter in letters}
_UNSEEN = re.compile(r"[*`\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_LETTER = re.compile(r"[^\W_]")
_SEPARATORS = re.compile(r"[\s_.-]+")
_MARK = re.compile(r"""<(?:[^<>"']|"[^"]*"|'[^']*')*>|&(?:#\w+|\w+);|\[U\+[0-9A-F]{4}\]""")
_BREAK = re.compile(r"</?(?:p|hr|pre|blockquote|[uo]l|li|table|thead|tbody|t[rhd]|h\d|mtable|mt[rd])\b")


def hide_names(text: str, names: Sequence[str]) -> str:
    """`text` with HIDDEN in the place of every name, however it is spelt (see found_names)."""
    pieces, end = [], 0
    for start, stop in _spans(text, tuple(names)):
        pieces += [text[end:start], HIDDEN]
        end = stop
    return "".join([*pieces, text[end:]])


def hide_names_shown(markup: str, names: Sequence[str]) -> str:
    """HTML with HIDDEN in the place of every name that its readers would see; its tags stay as they are.

    Escapes, entities and mark-up make names of what holds none as it was written.
    """
    if not found_names(seen_text(markup), names):
        return markup
    pieces = list(_pieces(markup))
    # Each character that is seen, and the piece that shows it.
    places = [place for place, piece in enumerate(pieces) for _ in _seen(piece)]
    for start, stop in _spans("".join(map(_seen, pieces)), tuple(names)):
        for place in places[start:stop]:
            pieces[place] = ""
        pieces[places[start]] = HIDDEN
    return "".join(pieces)


def seen_text(markup: str) -> str:
    """The text that readers of HTML see, with a NUL between blocks; marks of characters that act are left out."""
    return _MARK.sub(lambda mark: _seen(mark[0]), markup)


def _pieces(markup: str) -> Iterator[str]:
    """Tags, entities, marks of characters that act, and each other character by itself."""
    end = 0
    for mark in _MARK.finditer(markup):
        yield from markup[end : mark.start()]
        yield mark[0]
        end = mark.end()
    yield from markup[end:]


def _seen(piece: str) -> str:
    if len(piece) == 1:
        return piece
    if piece[0] == "<":
        return "\0" if _BREAK.match(piece) else ""
    return html.unescape(piece) if piece[0] == "&" else ""


def found_names(text: str, names: Sequence[str]) -> list[str]:
    """The names that `text` holds, as it writes them, each once.

    Case, hyphens, spaces, full-width letters, look-alike letters of other alphabets, emphasis and invisible characters
    make no difference, and a version that follows belongs to the name: for "GPT-4" that is also "gpt 4o", for "Claude"
    also "Claude 3.5"; but not "Claudette".
    """
    return list(dict.fromkeys(text[start:stop] for start, stop in _spans(text, tuple(names))))


def _spans(text: str, names: tuple[str, ...]) -> Iterable[tuple[int, int]]:
    """Where names stand in `text`: from, and up to, a character."""
    pattern = _pattern(names)
    if pattern is None:
        return
    if text.isascii() and not pattern.search(_UNSEEN.sub("", text).lower()):
        # Most texts hold no name, and need no positions of letters.
        return
    plain, positions = _plain(text)
    place = 0
    while match := pattern.search(plain, place):
        # Inside the pattern, as (?<![^\W_]), this would keep the library from skipping to the first letters of names.
        if match.start() and _LETTER.match(plain[match.start() - 1]):
            place = match.start() + 1
        else:
            yield positions[match.start()], positions[match.end() - 1] + 1
            place = match.end()


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """What `text` looks like in small Latin letters, and the position in `text` that each of them comes from."""
    if text.isascii() and not _UNSEEN.search(text):
        return text.lower(), range(len(text))
    letters: list[str] = []
    positions: list[int] = []
    for position, character in enumerate(text):
        for letter in _look(character):
            letters.append(letter)
            positions.append(position)
    return "".join(letters), positions


@lru_cache(maxsize=4096)
def _look(character: str) -> str:
    """The small Latin letters that a character looks like; nothing for one that is not seen."""
    if _UNSEEN.match(character):
        return ""
    small = unicodedata.normalize("NFKC", character).casefold()
    return "".join(_LOOKALIKES.get(letter, letter) for letter in small)


@lru_cache(maxsize=64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    spelt = [_spelling(_plain(name)[0].strip()) for name in sorted(names, key=len, reverse=True) if name.strip()]
    return re.compile("|".join(spelt)) if spelt else None


def _spelling(name: str) -> str:
    """A pattern for one name: with any separators, as a whole word, and with the version that may follow."""
    words = r"[\s_.-]?".join(re.escape(word) for word in _SEPARATORS.split(name) if word)
    version = r"(?:[\w.-]*\w)?" if name[-1].isdigit() else r"(?![^\W\d_])(?:[\s_-]?v?\d(?:[\w.-]*\w)?)?"
    return rf"{words}{version}"
