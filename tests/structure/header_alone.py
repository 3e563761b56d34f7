"""Every header compiles alone.

A header that some x.cc includes before anything else is proven by the build itself, but for what is precompiled:
standard_names.py looks after that. Only the others are compiled here, with the same precompiled. Tests prove nothing:
gtest stands before their own. Results are kept by the hash of all the text that went in, so a second run compiles nothing.
"""

import hashlib
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import cpp_text

STANDARD = "-std=c++23"
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
# What the build precompiles for programs, as CMake writes it.
PRECOMPILED = "CMakeFiles/program_precompiled.dir/cmake_pch.hxx"


def _first_includes(tree):
    built = [source for source in tree.sources if source.path.suffix == ".cc" and source.role in ("code", "fuzz")]
    return {source.includes[0][2] for source in built if source.includes}


def _closure(tree, text, seen):
    """The text of every header of ours that `text` pulls in, itself included."""
    parts = [text]
    for _, _, name in cpp_text.includes(text):
        if name in seen:
            continue
        seen.add(name)
        for base in ("src", "include"):
            path = tree.root / base / name
            if path.is_file():
                parts += _closure(tree, path.read_text(), seen)
    return parts


def _precompile(compiler, build, cache):
    """The flags that let what the build precompiles be read as such; none where it precompiles nothing."""
    headers = build / PRECOMPILED if build else None
    if not headers or not headers.is_file():
        return []
    copy = cache / "precompiled.h"
    done = copy.with_suffix(".h.gch")  # compiled with our flags: the build's own is taken with the build's only
    newest = max(file.stat().st_mtime for file in headers.parent.glob("cmake_pch.hxx*"))
    if not done.is_file() or done.stat().st_mtime < newest:
        shutil.copyfile(headers, copy)
        subprocess.run([compiler, STANDARD, "-w", "-x", "c++-header", str(copy), "-o", str(done)], check=False)
    return ["-include", str(copy)]


def _compile(compiler, precompiled, tree, header, cache):
    text = (tree.root / header).read_text()
    key = hashlib.sha256("\0".join([compiler, STANDARD, *WARNINGS, str(header), *_closure(tree, text, set())]).encode()).hexdigest()
    if cache and (cache / key).exists():
        return None
    command = [compiler, STANDARD, *WARNINGS, "-fsyntax-only", "-I", str(tree.root / "src"), "-I", str(tree.root / "include")]
    command += [*precompiled, "-x", "c++", "-"]
    unit = f'#include "{tree.root / header}"\n'  # not the header itself: it may say #pragma once
    run = subprocess.run(command, input=unit, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        if cache:
            (cache / key).touch()
        return None
    first = next((line for line in run.stderr.splitlines() if "error:" in line), run.stderr.strip())
    return f"{header}: does not compile alone: {first}"


def check_headers_alone(tree, build):
    compiler = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("g++")
    if compiler is None:
        return ["no C++ compiler to compile headers with; set CXX"]
    cache = None
    if build:
        cache = build / "structure_cache"
        cache.mkdir(parents=True, exist_ok=True)
    proven = _first_includes(tree)
    headers = [source.path for source in tree.sources if source.is_header and source.name not in proven]
    public = list(tree.files("include", suffixes=(".h",)))
    precompiled = _precompile(compiler, build, cache)
    jobs = [(precompiled, header) for header in headers] + [([], header) for header in public]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [error for error in pool.map(lambda job: _compile(compiler, job[0], tree, job[1], cache), jobs) if error]
