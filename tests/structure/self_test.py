"""Breaks each rule in a small made-up tree and sees that it is found; a tree that breaks none must pass."""

import stat
import tempfile
from pathlib import Path

GOOD = {
    "README.md": "[docs](docs/cli.md)\n",
    "docs/cli.md": "`rateguard serve --http`, `--help`\n",
    "docs/metrics.md": "| name | type |\n|---|---|\n| `rateguard_open` | gauge |\n",
    "src/CMakeLists.txt": "rg_module(base)\nrg_module(net DEPS base EXTERNAL Boost::headers)\n"
    "rg_module(store DEPS base)\nrg_module(limiter DEPS base\n  TEST_DEPS store)\nadd_subdirectory(app)\n",
    "src/README.md": "[base](base/README.md) [net](net/README.md) [store](store/README.md)\n"
    "[limiter](limiter/README.md) [app](app/README.md)\n",
    "src/base/README.md": "# base\n",
    "src/net/README.md": "# net\n",
    "src/store/README.md": "# store\n",
    "src/limiter/README.md": "# limiter\n",
    "src/app/README.md": "# app\n",
    "src/app/CMakeLists.txt": "target_link_libraries(rateguard PRIVATE rg_net CLI11::CLI11)\n",
    "src/net/offered.h": "#pragma once\n",
    "src/net/offered.cc": '#include "net/offered.h"\n',
    "src/net/offered_test.cc": '#include "net/offered.h"\n',
    "examples/user/main.cc": '#include "net/offered.h"\nint main() {}\n',
    "src/app/main.cc": '#include <CLI/CLI.hpp>\n#include "limiter/limiter.h"\n#include "store/store.h"\nint main() {}\n',
    "src/base/base.h": "#pragma once\n// throw, try { std::thread } in a comment\nconstexpr int kBig = 1'000'000;  // 'x'\n",
    "src/base/base.cc": '#include "base/base.h"\nconst char* kText = "throw; std::chrono::steady_clock";\n',
    "src/net/source.cc": 'void report() { gauge("rateguard_open", "Open."); }\n',
    # Neither the declaration nor the type inside another is a second type of that name.
    "src/net/net.h": '#pragma once\n#include "base/base.h"\nclass Limiter;\nstruct Net { enum class Store { kNone }; };\n'
    "template <typename T> struct Size {};\ntemplate <> struct Size<int> {};\n",
    "src/store/store.h": "#pragma once\nclass Mutex;\nstruct Store { Mutex* mutex; };\n",
    "src/store/store.cc": '#include "store/store.h"\n#include "base/base.h"\n',
    "src/limiter/limiter.h": '#pragma once\n#include "base/base.h"\nstruct Limiter {};\n',
    "src/limiter/fake_store.h": '#pragma once\n#include "store/store.h"\nstruct FakeStore : Store {};\n',
    "src/limiter/limiter_test.cc": '#include "limiter/limiter.h"\n#include <gtest/gtest.h>\n#include <thread>\n'
    '#include "limiter/fake_store.h"\nvoid f() { std::thread t; }\nnamespace {\nstruct Net {};\n}\n',
    "src/limiter/limiter_fuzz.cc": '#include "limiter/limiter.h"\n',
    "fuzz/corpus/limiter/one": "x",
    "include/rateguard/limiter.h": "// A limiter.\n#pragma once\n\nnamespace rateguard {\n\n// One.\nclass Limiter {\n public:\n"
    "  // Asks.\n  int check(int key);\n\n private:\n  int hidden(int x);\n};\n\n}  // namespace rateguard\n",
}
HELP = "#!/bin/sh\ncase $1 in serve) echo '  --http TEXT';; *) echo 'Subcommands:'; echo '  serve   Start'; echo 'Options:'; echo '  --help';; esac\n"

# What is changed in the good tree (None removes the file), and a piece of the message that must come.
CASES = [
    ("a module that is not in DEPS", {"src/limiter/limiter.cc": '#include "limiter/limiter.h"\n#include "store/store.h"\n'}, "not in DEPS of limiter"),
    ("a module above", {"src/base/up.cc": '#include "limiter/limiter.h"\n'}, "not in DEPS of base"),
    ("a test beyond TEST_DEPS", {"src/store/store_test.cc": '#include "limiter/limiter.h"\n'}, "not in DEPS or TEST_DEPS of store"),
    ("a dependency that nothing includes", {"src/net/net.h": "#pragma once\n"}, "name base, which no file includes"),
    ("a dependency of tests in DEPS", {"src/net/net.h": "#pragma once\n", "src/net/net_test.cc": '#include "base/base.h"\n'}, "belongs in TEST_DEPS"),
    ("a dependency of tests that no test includes", {"src/limiter/fake_store.h": "#pragma once\nstruct FakeStore {};\n"}, "TEST_DEPS of limiter name store"),
    ("a test's helper in the library", {"src/limiter/stub.h": "#pragma once\n", "src/limiter/stub.cc": '#include "limiter/stub.h"\n', "src/limiter/stub_test.cc": '#include "limiter/stub.h"\n'}, "call the two stub_testing.cc"),
    ("a folder that the map leaves out", {"src/README.md": "[base](base/README.md) [net](net/README.md) [store](store/README.md) [app](app/README.md)\n"}, "does not lead to limiter"),
    ("a header that is not there", {"src/base/up.cc": '#include "base/none.h"\n'}, "is no file below src/"),
    ("a header named from its own folder", {"src/base/up.cc": '#include "base.h"\n'}, "is no file below src/"),
    ("Asio outside net", {"src/limiter/limiter.cc": "#include <boost/asio.hpp>\n"}, "needs Boost::headers"),
    ("YAML outside config", {"src/net/y.cc": "#include <yaml-cpp/yaml.h>\n"}, "needs yaml-cpp"),
    ("TLS where only crypto is", {"src/store/s.cc": "#include <openssl/ssl.h>\n"}, "needs OpenSSL::SSL"),
    ("an unknown library", {"src/net/y.cc": "#include <leveldb/db.h>\n"}, "no library this project knows"),
    ("gtest in the program", {"src/net/y.cc": "#include <gtest/gtest.h>\n"}, "is for tests"),
    ("CLI11 outside app", {"src/net/y.cc": "#include <CLI/CLI.hpp>\n"}, "needs CLI11::CLI11"),
    ("a clock in the core", {"src/store/s.cc": "#include <chrono>\nauto t = std::chrono::steady_clock::now();\n"}, "reads a clock"),
    ("time() in the core", {"src/store/s.cc": "auto t = time(nullptr);\n"}, "reads a clock"),
    ("clock_gettime in the core", {"src/store/s.cc": "int t = clock_gettime(0, p);\n"}, "reads a clock"),
    ("a sleep in the core", {"src/store/s.cc": "#include <thread>\nvoid f() { std::this_thread::sleep_for(x); }\n"}, "sleeps"),
    ("a sleep in a test of the core", {"src/store/store_test.cc": "void f() { usleep(1); }\n"}, "sleeps"),
    ("a thread in the core", {"src/store/s.cc": "#include <thread>\nstd::thread t;\n"}, "starts or waits for a thread"),
    ("pthreads in the core", {"src/store/s.cc": "void f() { pthread_create(a, b, c, d); }\n"}, "starts or waits for a thread"),
    ("std::async in the core", {"src/limiter/s.cc": "#include <future>\nauto f = std::async(g);\n"}, "starts or waits for a thread"),
    ("a lock outside store", {"src/limiter/limiter.cc": "rateguard::Mutex m;\n"}, "locks"),
    ("a lock that cannot be checked", {"src/net/s.cc": "#include <mutex>\nstd::mutex m;\n"}, "what it guards cannot be checked"),
    ("throw", {"src/net/s.cc": "void f() { throw 1; }\n"}, "'throw'"),
    ("throw in the core", {"src/limiter/s.cc": "void f() { throw 1; }\n"}, "'throw'"),
    ("try in the core", {"src/limiter/s.cc": "void f() { try { g(); } catch (...) {} }\n"}, "catches"),
    ("a socket in the core", {"src/store/s.cc": "#include <sys/socket.h>\n"}, "is for sockets"),
    ("a header that needs another", {"src/net/alone.h": "#pragma once\nAlone f();\n"}, "does not compile alone"),
    ("a header without one of the standard's", {"src/net/x.h": "#pragma once\nstd::string f();\n", "src/net/x.cc": '#include "net/x.h"\n'}, "'std::string' needs <string>"),
    ("a header without fmt's", {"src/net/x.h": "#pragma once\nfmt::memory_buffer f();\n", "src/net/x.cc": '#include "net/x.h"\n'}, "needs <fmt/format.h>"),
    ("two types of one name", {"src/net/net.h": '#pragma once\n#include "base/base.h"\nnamespace net {\nstruct Base {};\nclass Limiter final : public Base {};\n}\n'}, "src/net/net.h:5: a type is called Limiter already, at src/limiter/limiter.h:3"),
    ("an alias of a type's name", {"src/net/net.h": '#pragma once\n#include "base/base.h"\nnamespace net {\nusing Limiter = int;\n}\n'}, "called Limiter already"),
    ("an enum of a type's name", {"src/net/net.h": '#pragma once\n#include "base/base.h"\nnamespace a::b {\nenum class Limiter : char { kNone };\n}\n'}, "called Limiter already"),
    ("a template of a type's name", {"src/net/net.h": '#pragma once\n#include "base/base.h"\ntemplate <typename T, class U = int>\nclass [[nodiscard]] Limiter {};\n'}, "called Limiter already"),
    ("a private type of a header's name", {"src/net/source.cc": 'namespace {\nstruct Limiter {};\n}\nvoid report() { gauge("rateguard_open", "Open."); }\n'}, "src/net/source.cc:2: a type is called Limiter already"),
    ("a public header that needs another", {"include/rateguard/b.h": "// B.\n#pragma once\n\n// F.\nstd::string f();\n"}, "does not compile alone"),
    ("a folder without a README", {"src/net/README.md": None, "src/README.md": "[base](base/README.md) [store](store/README.md) [limiter](limiter/README.md) [app](app/README.md)\n"}, "src/net/README.md: is missing"),
    ("a README that is a book", {"src/net/README.md": "# net\n" + "x\n" * 30}, "31 lines; at most 30"),
    ("a README that a formatter for code has been over", {"src/net/README.md": "#net\n"}, "begins with no heading"),
    ("a public header without a purpose", {"include/rateguard/b.h": "#pragma once\n"}, "begins with a comment"),
    ("a public class without a comment", {"include/rateguard/b.h": "// B.\n#pragma once\n\nclass B {\n};\n"}, "'class B {' is public"),
    ("a public function without a comment", {"include/rateguard/b.h": "// B.\n#pragma once\n\n// B.\nclass B {\n public:\n  int f(int x);\n};\n"}, "'int f(int x);' is public"),
    ("a fuzz target without seeds", {"fuzz/corpus/limiter/one": None}, "has no seeds"),
    ("a file of 801 lines", {"src/net/long.cc": "\n" * 801}, "801 lines"),
    ("a source in no module", {"src/base/deep/x.cc": ""}, "is in no module"),
    ("a link to nothing", {"README.md": "[x](docs/none.md)\n"}, "links to docs/none.md"),
    ("a metric without a row", {"docs/metrics.md": ""}, "docs/metrics.md has no row for rateguard_open"),
    ("a row of no metric", {"docs/metrics.md": "| `rateguard_open` |\n| `rateguard_shut` |\n"}, "no source reports rateguard_shut"),
    ("an undocumented command", {"docs/cli.md": "--http --help\n"}, "does not mention `rateguard serve`"),
    ("an undocumented option", {"docs/cli.md": "`rateguard serve --help`\n"}, "does not mention --http"),
    ("no page for the command line", {"docs/cli.md": None, "README.md": ""}, "docs/cli.md: is missing"),
]


def _write(root, files):
    for name, text in files.items():
        path = root / name
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _findings(check, changes, cache):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root, GOOD)
        _write(root, changes)
        program = root / "program"
        program.write_text(HELP)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return check(root, cache, str(program))[0]


def run(check):
    with tempfile.TemporaryDirectory() as cache:
        return _run(check, Path(cache))


def _run(check, cache):
    failed = 0
    found = _findings(check, {}, cache)
    if found:
        failed += 1
        print("the good tree is refused:", *found, sep="\n  ")
    for title, changes, expected in CASES:
        found = _findings(check, changes, cache)
        if len(found) != 1 or expected not in found[0]:
            failed += 1
            print(f"{title}: expected one error with '{expected}', got {found}")
    print(f"structure self-test: {len(CASES) + 1 - failed} of {len(CASES) + 1} as expected")
    return 1 if failed else 0
