"""C++ source as text: what is code and what is comment, and which headers a file names."""

import re

# In the order in which they must be tried: a digit separator is no character literal, a quote in a comment no string.
_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<raw>R"(?P<mark>[^()\s]{0,16})\(.*?\)(?P=mark)")
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<number>\b\d[\w'.]*)
  | (?P<char>'(?:\\.|[^'\\\n])+')
    """,
    re.VERBOSE | re.DOTALL,
)

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """The text with comments and the insides of literals blanked; every line and column stays where it was."""

    def replace(match):
        if match.group("number"):
            return match.group(0)
        if match.group("comment"):
            return _blank(match.group(0))
        inside = match.group(0)
        return inside[0] + _blank(inside[1:-1]) + inside[-1]

    return _TOKEN.sub(replace, text)


def comments_blanked(text):
    """The text with comments blanked and literals kept: where #include lines are read from."""
    return _TOKEN.sub(lambda m: _blank(m.group(0)) if m.group("comment") else m.group(0), text)


def includes(text):
    """(line, '<' or '"', name) of every #include, in order."""
    bare = comments_blanked(text)
    return [(bare.count("\n", 0, m.start()) + 1, m.group(1), m.group(2)) for m in _INCLUDE.finditer(bare)]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
