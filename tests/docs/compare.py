"""Whether what a command printed is what its page shows."""

import re


def _normal(text, numbers_vary):
    if numbers_vary:
        text = re.sub(r"\b[0-9a-f]{40}\b", "#", text)
        text = re.sub(r"[0-9]+(?:[,.][0-9]+)*", "#", text)
    return text


def pattern_of(shown, numbers_vary):
    """`...` stands for anything, lines too. A line break of the page may be none in the output: pages are narrow."""
    parts = []
    for part in re.split(r"(\.\.\.)", _normal(shown, numbers_vary)):
        if part == "...":
            parts.append(".*?")
        else:
            parts.append(r"\s*".join(re.escape(line.strip() if i else line.rstrip()) for i, line in enumerate(part.split("\n"))))
    return re.compile(r"\s*" + "".join(parts) + r"\s*", re.DOTALL)


def agrees(shown, printed, numbers_vary=False):
    return pattern_of(shown, numbers_vary).fullmatch(_normal(printed.replace("\r", ""), numbers_vary)) is not None
