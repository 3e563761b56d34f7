"""The source tree as the structural rules see it: modules, their declarations, and the role of each file."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import cpp_text

CORE_ROOTS = ("algorithm", "store", "rules", "identify", "limiter", "envoy", "event")
_KEYWORDS = ("DEPS", "EXTERNAL", "TEST_DEPS", "TEST_EXTERNAL", "APART")


@dataclass
class Module:
    """One rg_module() line."""

    path: str
    line: int
    deps: list = field(default_factory=list)
    external: list = field(default_factory=list)
    test_deps: list = field(default_factory=list)
    test_external: list = field(default_factory=list)
    apart: list = field(default_factory=list)

    @property
    def is_core(self):
        return self.path.split("/")[0] in CORE_ROOTS


@dataclass
class Source:
    """One C++ file below src/."""

    path: Path  # from the root of the repository
    name: str  # as #include lines write it: from src/
    module: Module
    text: str
    role: str  # code, test, bench, fuzz; a header that only tests include is "test" too
    includes: list

    @property
    def code(self):
        return cpp_text.code_only(self.text)

    @property
    def is_header(self):
        return self.path.suffix == ".h"


def _strip_cmake_comments(text):
    return re.sub(r"#[^\n]*", "", text)


def parse_modules(cmake_text):
    """The rg_module() calls of src/CMakeLists.txt, in order."""
    modules = []
    text = _strip_cmake_comments(cmake_text)
    for call in re.finditer(r"\brg_module\s*\(([^)]*)\)", text):
        words = call.group(1).split()
        module = Module(words[0], cpp_text.line_of(text, call.start()))
        target = None
        for word in words[1:]:
            if word in _KEYWORDS:
                target = getattr(module, word.lower())
            elif target is not None:
                target.append(word)
        modules.append(module)
    return modules


def _app_module(root, modules):
    """src/app is no rg_module: it may use every module, and the third-party targets that it links."""
    cmake = root / "src/app/CMakeLists.txt"
    external = []
    if cmake.exists():
        for call in re.finditer(r"target_link_libraries\s*\(([^)]*)\)", _strip_cmake_comments(cmake.read_text())):
            external += [word for word in call.group(1).split() if "::" in word]
    names = [module.path for module in modules]
    return Module("app", 0, deps=names, external=external, test_external=external)


def _role(path):
    match = re.search(r"_(test|testing|bench|fuzz)$", path.stem)
    if match and match.group(1) == "testing":
        return "test"
    return match.group(1) if match and path.suffix == ".cc" else "code"


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        cmake = self.root / "src/CMakeLists.txt"
        self.modules = parse_modules(cmake.read_text())
        self.modules.append(_app_module(self.root, self.modules))
        self.by_path = {module.path: module for module in self.modules}
        self.sources = []
        self.strays = []  # C++ files in no module
        for path in sorted((self.root / "src").rglob("*")):
            if path.suffix in (".cc", ".h"):
                self._add(path)
        self.by_name = {source.name: source for source in self.sources}
        self._find_test_support()

    def _add(self, path):
        name = path.relative_to(self.root / "src").as_posix()
        module = self.by_path.get(str(Path(name).parent))
        if module is None:
            self.strays.append(path.relative_to(self.root))
            return
        text = path.read_text(encoding="utf-8")
        self.sources.append(
            Source(path.relative_to(self.root), name, module, text, _role(path), cpp_text.includes(text))
        )

    def _find_test_support(self):
        """Gives the role "test" to headers that only tests, benches and fuzz targets include, directly or not.

        What an example includes is there for programs.
        """
        offered = set()
        for path in self.files("examples", suffixes=(".cc",)):
            offered |= {name for _, _, name in cpp_text.includes((self.root / path).read_text(encoding="utf-8"))}
        users = {}
        for source in self.sources:
            for _, _, name in source.includes:
                if name != source.name.removesuffix(".cc") + ".h":  # a header's own source is no user of it
                    users.setdefault(name, []).append(source)
        changed = True
        while changed:
            changed = False
            for source in self.sources:
                using = users.get(source.name, [])
                if source.name in offered:
                    continue
                if source.is_header and source.role == "code" and using and all(user.role != "code" for user in using):
                    source.role = "test"
                    changed = True

    def module_of_include(self, name):
        """The module that a quoted include names, or None."""
        return self.by_path.get(str(Path(name).parent))

    def files(self, *folders, suffixes):
        for folder in folders:
            base = self.root / folder
            if base.is_dir():
                for path in sorted(base.rglob("*")):
                    if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                        yield path.relative_to(self.root)
