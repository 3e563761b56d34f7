"""No two types in src/ share a name, in different namespaces either: a name stands for one idea.

Counted are the classes, structs, unions, enums and aliases that headers define at namespace scope, those of tests among
them. A type that is private to a .cc file of the program must not have the name of one of these either, since it hides it
from the reader. Two .cc files may each have a private type of one name, such as State, and a test, a benchmark or a fuzz
target may call its own types what it likes: nobody meets them elsewhere. A type inside another is read with its owner's
name. Forward declarations and specializations of templates bring no name of their own.
"""

import re

import cpp_text

_ATTRIBUTES = r"(?:\[\[[^\]]*\]\]\s*|alignas\s*\([^)]*\)\s*|RG_\w+(?:\s*\([^)]*\))?\s*)*"
_TYPE = re.compile(r"(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+" + _ATTRIBUTES + r"(\w+)\s*(?:final\b\s*)?(?::(?!:).*)?$", re.DOTALL)
_ALIAS = re.compile(r"using\s+(\w+)\s*" + _ATTRIBUTES + r"=")
_NAMESPACE = re.compile(r'(?:inline\s+)?namespace\b|extern\s*"')
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def _without_template(head):
    """What follows the `template <...>` in front of a declaration."""
    while match := re.match(r"\s*template\s*<", head):
        depth, at = 1, match.end()
        while depth and at < len(head):
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[at:]
    return head.strip()


def declared_types(code):
    """(offset, name) of every type that a text without comments defines at namespace scope."""
    code = _DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), code)
    found = []
    scopes = []  # of each open brace, whether it opens a namespace
    begin = 0
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        mark = match.group(0)
        head = _without_template(code[begin:at])
        begin = at + 1
        if mark == "}":
            if scopes:
                scopes.pop()
            continue
        if all(scopes):
            declared = _ALIAS.match(head) if mark == ";" else _TYPE.match(head)
            if declared:
                found.append((at, declared.group(1)))
        if mark == "{":
            scopes.append(bool(_NAMESPACE.match(head)))
    return found


def check_type_names(tree):
    errors = []
    public = {}  # name -> the place of the header's type
    for source in tree.sources:
        if source.is_header:
            for offset, name in declared_types(source.code):
                place = f"{source.path}:{cpp_text.line_of(source.text, offset)}"
                if name in public:
                    errors.append(f"{place}: a type is called {name} already, at {public[name]}")
                public.setdefault(name, place)
    for source in tree.sources:
        if not source.is_header and source.role == "code":
            for offset, name in declared_types(source.code):
                if name in public:
                    place = f"{source.path}:{cpp_text.line_of(source.text, offset)}"
                    errors.append(f"{place}: a type is called {name} already, at {public[name]}")
    return errors
