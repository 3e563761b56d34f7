"""The code blocks of a Markdown page, each with what the HTML comments directly before it say about it."""

import re
from dataclasses import dataclass, field

DIRECTIVE = re.compile(r"<!--\s*(file|setup|serve|not run|numbers vary|validates)\s*(?::\s*(.*?))?\s*-->", re.DOTALL)


@dataclass
class Block:
    page: str
    line: int  # of its opening fence
    language: str
    text: str
    directives: list = field(default_factory=list)  # (name, value), in their order

    def place(self):
        return f"{self.page}:{self.line}"

    def directive(self, name):
        return next((value for known, value in self.directives if known == name), None)

    def has(self, name):
        return any(known == name for known, _ in self.directives)

    def is_session(self):
        return re.search(r"^\$ ", self.text, re.MULTILINE) is not None


def read_blocks(page, text):
    """Every fenced block, in order; directives that stand before no block (such as `setup`) come as blocks without text."""
    blocks = []
    pending = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("<!--"):
            end = next(i for i in range(at, len(lines)) if "-->" in lines[i])
            comment = "\n".join(lines[at:end + 1])
            match = DIRECTIVE.fullmatch(comment.strip())
            if match:
                name, value = match.group(1), match.group(2) or ""
                if name in ("setup", "serve") or (name == "file" and "\n" in value):
                    blocks.append(Block(page, at + 1, "", "", [(name, value)]))
                else:
                    pending.append((name, value))
            at = end + 1
            continue
        fence = re.fullmatch(r"( *)```(\w*)", line)
        if fence:
            indent = len(fence.group(1))
            end = next(i for i in range(at + 1, len(lines)) if lines[i].strip() == "```")
            text_of = "".join(inner[indent:] + "\n" for inner in lines[at + 1:end])
            blocks.append(Block(page, at + 1, fence.group(2), text_of, pending))
            pending = []
            at = end + 1
            continue
        if line.strip():
            pending = []  # a comment that belongs to something else
        at += 1
    return blocks


@dataclass
class Command:
    line: int  # within the block's page
    text: str
    expected: str


def commands_of(block):
    """A session's commands with what is shown below each. A line that ends with a backslash goes on in the next."""
    found = []
    number = block.line
    lines = iter(block.text.split("\n"))
    for line in lines:
        number += 1
        if line.startswith("$ "):
            text = line[2:]
            first = number
            while text.endswith("\\"):
                text = text[:-1] + next(lines).strip()
                number += 1
            found.append(Command(first, text, ""))
        elif found:
            found[-1].expected += line + "\n"
    for command in found:
        command.expected = command.expected.strip("\n")
    return found
