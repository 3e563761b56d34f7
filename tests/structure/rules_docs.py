"""Rules over what is written for people: folder READMEs, the public header's comments, links, the command line's page."""

import re
import subprocess
from pathlib import Path

import cpp_text

README_LINES_MAX = 30


def check_readmes(tree):
    errors = []
    for module in tree.modules:
        folder = tree.root / "src" / module.path
        if module.path == "app" and not folder.is_dir():
            continue
        readme = folder / "README.md"
        place = readme.relative_to(tree.root)
        if not readme.exists():
            errors.append(f"{place}: is missing: what the module is for, the types to know, what not to do there")
            continue
        text = readme.read_text()
        if not text.startswith("# "):
            errors.append(f"{place}: begins with no heading; has a formatter for code been over it?")
        lines = len(text.splitlines())
        if lines > README_LINES_MAX:
            errors.append(f"{place}: {lines} lines; at most {README_LINES_MAX}, the rest belongs into docs/")
    return errors


def check_map_of_folders(tree):
    """src/README.md leads a stranger through the folders, so every module stands in it."""
    readme = tree.root / "src/README.md"
    text = readme.read_text() if readme.exists() else ""
    return [
        f"src/README.md: does not lead to {module.path}; add [{module.path}]({module.path}/README.md) to its table"
        for module in tree.modules
        if f"]({module.path}/README.md)" not in text and (tree.root / "src" / module.path / "README.md").exists()
    ]


def check_metrics(tree):
    """docs/metrics.md has a row for every metric that the code reports, and no other."""
    page = tree.root / "docs/metrics.md"
    rows = re.findall(r"^\| `([a-z_]+)` \|", page.read_text(), re.MULTILINE) if page.exists() else []
    reported = {}
    for source in tree.sources:
        if source.role == "code" and not source.is_header:
            for match in re.finditer(r'"((?:rateguard|process)_[a-z_]+)"', source.text):
                reported.setdefault(match.group(1), f"{source.path}:{cpp_text.line_of(source.text, match.start())}")
    errors = [
        f"{place}: docs/metrics.md has no row for {name}" for name, place in reported.items() if name not in rows
    ]
    return errors + [f"docs/metrics.md: no source reports {name}" for name in rows if name not in reported]


def check_public_headers(tree):
    """Every declaration in include/ stands in a paragraph that begins with, or carries, a comment."""
    errors = []
    for path in tree.files("include", suffixes=(".h",)):
        text = (tree.root / path).read_text()
        if not text.startswith("//"):
            errors.append(f"{path}:1: a public header begins with a comment that says what it is for")
        for line in _undocumented(text):
            errors.append(f"{path}:{line}: '{text.splitlines()[line - 1].strip()}' is public and has no comment")
    return errors


def _undocumented(text):
    """Lines of declarations whose paragraph (lines up to a blank one) has no comment at or above them."""
    raw, code = text.splitlines(), cpp_text.code_only(text).splitlines()
    documented, public, found = False, True, []
    body_depth = 0  # inside inline function bodies nothing needs a comment
    for number, (line, bare) in enumerate(zip(raw, code), start=1):
        if not line.strip():
            documented = False
            continue
        if "//" in line and "//" not in bare:
            documented = True
        access = re.match(r"\s*(public|private|protected)\s*:", bare)
        if access:
            public, documented = access.group(1) == "public", False
            continue
        opens = bare.count("{") - bare.count("}")
        if body_depth > 0:
            body_depth += opens
            continue
        type_begins = re.match(r"\s*(template\b.*>\s*)?(class|struct|enum)\b[^;]*\{", bare)
        declares = re.search(r"\w\s*\([^;]*\)?.*[;{]\s*$", bare) or re.match(r"\s*(using|inline constexpr)\b", bare)
        # Shape, not meaning: the rule of five, friends and continuation lines explain themselves.
        plain = re.match(
            r"\s*(namespace|friend|#|\}|return\b|:|typedef)|.*=\s*(default|delete)\s*;"
            r"|\s*(\w+)\((const )?\3\s*&|.*\boperator=\(|\s*[\w:<>]+ \w+ = ",
            bare,
        )
        if public and (type_begins or declares) and not plain and not documented and "~" not in bare:
            found.append(number)
        if declares and not type_begins and not plain and opens > 0:
            body_depth = opens
        if re.match(r"\s*\};", bare):
            public = True
        if type_begins:
            public = "class" not in bare.split("{")[0].replace("enum class", "enum")
            documented = False
    return found


def check_links(tree):
    """Relative links in Markdown lead to something."""
    errors = []
    pages = [tree.root / "README.md", *sorted((tree.root / "docs").rglob("*.md")), *sorted((tree.root / "src").rglob("*.md"))]
    for page in pages:
        if not page.exists():
            continue
        text = re.sub(r"```.*?```", lambda m: re.sub(r"[^\n]", " ", m.group(0)), page.read_text(), flags=re.DOTALL)
        text = re.sub(r"`[^`\n]*`", "", text)
        targets = [(m.start(), m.group(1)) for m in re.finditer(r"\]\(([^)\s]+)\)", text)]
        targets += [(m.start(), m.group(1)) for m in re.finditer(r"""(?:src|srcset|href)=["']([^"'\s]+)["']""", text)]
        for offset, target in targets:
            file = target.split("#")[0]
            if not file or re.match(r"[a-z]+:", file) or file.startswith("//"):
                continue
            if not (page.parent / file).exists():
                place = f"{page.relative_to(tree.root)}:{cpp_text.line_of(text, offset)}"
                errors.append(f"{place}: links to {target}, which does not exist")
    return errors


def _help(program, *words):
    run = subprocess.run([program, *words, "--help"], capture_output=True, text=True, timeout=20, check=False)
    return run.stdout + run.stderr


def subcommands(help_text):
    """The first words of the indented lines below the heading "Subcommands:" or "Commands:"."""
    found, inside = [], False
    for line in help_text.splitlines():
        if re.match(r"\s*(sub)?commands:?\s*$", line, re.IGNORECASE):
            inside = True
        elif inside and re.match(r"\S", line):
            inside = False
        elif inside:
            match = re.match(r"  ?([a-z][a-z0-9_-]*)\b", line)
            if match:
                found.append(match.group(1))
    return found


def check_command_line(tree, program):
    page = tree.root / "docs/cli.md"
    if not page.exists():
        return ["docs/cli.md: is missing: it lists every command and option of the program"]
    text = page.read_text()
    errors = []
    top = _help(program)
    commands = subcommands(top)
    if not commands:
        return [f"{Path(program).name} --help: lists no commands under 'Subcommands:' or 'Commands:'"]
    for command in ["", *commands]:
        words = [command] if command else []
        if command and not re.search(rf"\brateguard {re.escape(command)}\b", text):
            errors.append(f"docs/cli.md: does not mention `rateguard {command}`")
        for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", top if not command else _help(program, *words)))):
            if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text):
                errors.append(f"docs/cli.md: does not mention {option} of `{' '.join(['rateguard', *words])}`")
    return errors
