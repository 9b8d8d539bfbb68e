"""The words of a PDF that Chromium printed, to see what a reader of the paper sees."""

import re
import unicodedata
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>(?=[^\n]*?T[jJ])|(ET)")


def pdf_text(pdf: bytes) -> str:
    """All text, in the order in which it is drawn; blanks are single, since a PDF keeps places and not blanks."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    fonts = {}
    for body in objects.values():
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", body):
            unicode = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
            if unicode:
                fonts[name] = _characters(_content(objects[int(unicode[1])]))
    pages = [_content(body) for body in objects.values() if b"stream" in body]
    drawn = " ".join(_drawn(page, fonts) for page in pages if b" Tf" in page)
    return " ".join(unicodedata.normalize("NFKC", drawn).split())  # which parts ligatures into their letters


def _content(body: bytes) -> bytes:
    found = STREAM.search(body)
    if found is None or b"/FlateDecode" not in body:
        return found[1] if found else b""
    return zlib.decompress(found[1])


def _characters(cmap: bytes) -> dict[int, str]:
    """Glyph -> character, from the ToUnicode map's bfchar and bfrange entries."""
    found = {}
    for section in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, char in re.findall(rb"<(\w+)> <(\w+)>", section):
            found[int(glyph, 16)] = bytes.fromhex(char.decode()).decode("utf-16-be")
    for section in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, char in re.findall(rb"<(\w+)> <(\w+)> <(\w+)>", section):
            *before, end = bytes.fromhex(char.decode()).decode("utf-16-be")
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + step] = "".join((*before, chr(ord(end) + step)))
    return found


def _drawn(page: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    known: dict[int, str] = {}
    words = []
    for font, glyphs, end in SHOWN.findall(page):
        if font:
            known = fonts.get(font, {})
        elif end:
            words.append(" ")
        else:
            words += [known.get(int(glyphs[place : place + 4], 16), "") for place in range(0, len(glyphs), 4)]
    return "".join(words)
