#!/usr/bin/env python3
"""Holds the structure of the source tree: check_structure.py [--root DIR] [--build DIR] [--program FILE] | --self-test

Reads src/CMakeLists.txt and every source, and fails with one line per broken rule. README.md beside this lists the rules.
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays clean

import rules_code
import rules_docs
import standard_names
import type_names
from header_alone import check_headers_alone
from tree import Tree


def check(root, build=None, program=None):
    """(errors, warnings) of the tree at `root`; each is a line of text."""
    tree = Tree(root)
    errors, warnings = [], []
    errors += rules_code.check_strays(tree)
    errors += rules_code.check_dependencies(tree)
    errors += rules_code.check_unused_dependencies(tree)
    errors += rules_code.check_shipped_test_code(tree)
    errors += rules_code.check_third_party(tree)
    errors += rules_code.check_core_bans(tree)
    errors += rules_code.check_locks(tree)
    errors += rules_code.check_throw(tree)
    errors += rules_code.check_fuzz_seeds(tree)
    errors += standard_names.check_standard_names(tree)
    errors += type_names.check_type_names(tree)
    errors += rules_docs.check_readmes(tree)
    errors += rules_docs.check_map_of_folders(tree)
    errors += rules_docs.check_metrics(tree)
    errors += rules_docs.check_public_headers(tree)
    errors += rules_docs.check_links(tree)
    sizes = rules_code.check_sizes(tree)
    errors += sizes[0]
    warnings += sizes[1]
    errors += check_headers_alone(tree, build)
    if program:
        errors += rules_docs.check_command_line(tree, program)
    return errors, warnings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--build", type=Path, help="where results of compiling headers are kept between runs")
    parser.add_argument("--program", type=Path, help="the built program, whose --help is compared with docs/cli.md")
    parser.add_argument("--self-test", action="store_true", help="break each rule in a small tree and see it found")
    args = parser.parse_args()
    if args.self_test:
        import self_test

        return self_test.run(check)
    errors, warnings = check(args.root, args.build, args.program)
    for line in warnings:
        print(f"warning: {line}")
    for line in errors:
        print(f"error: {line}")
    print(f"structure: {len(errors)} errors, {len(warnings)} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
