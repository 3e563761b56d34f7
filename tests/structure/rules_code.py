"""Rules over the code: dependencies, third-party headers, what the core may not use, sizes, seeds."""

import re

import cpp_text

# Header prefix -> the CMake targets that give the right to include it. The first match counts.
THIRD_PARTY = [
    (r"boost/(asio|beast)\b", ["Boost::headers"]),
    (r"boost/context\b", ["Boost::context"]),
    (r"boost/json\b", ["Boost::json"]),
    (r"boost/url\b", ["Boost::url"]),
    (r"boost/", ["Boost::headers", "Boost::json", "Boost::url"]),
    (r"openssl/(ssl|tls1|dtls1)\.h", ["OpenSSL::SSL"]),
    (r"openssl/", ["OpenSSL::Crypto", "OpenSSL::SSL"]),
    (r"yaml-cpp/", ["yaml-cpp"]),
    (r"prometheus/", ["prometheus-cpp::core"]),
    (r"z(lib|conf)\.h", ["ZLIB::ZLIB"]),
    (r"zstd(_errors)?\.h", ["PkgConfig::ZSTD"]),
    (r"CLI/", ["CLI11::CLI11"]),
    (r"spdlog/", ["spdlog::spdlog"]),
    (r"(google/protobuf|envoy|grpc)/", ["rg_proto"]),
    (r"nghttp2/", ["PkgConfig::NGHTTP2"]),
    (r"hiredis/", ["PkgConfig::HIREDIS"]),
    (r"sqlite3\.h", ["PkgConfig::SQLITE"]),
    (r"pqxx/", ["PkgConfig::PQXX"]),
    (r"argon2\.h", ["PkgConfig::ARGON2"]),
]
# fmt is part of the vocabulary: every module may use it.
EVERYWHERE = re.compile(r"fmt/")
# Foreign clients that any test may use.
TESTS_MAY = re.compile(r"(gtest|gmock|rapidcheck|boost/(asio|beast|json)|openssl)\b|rapidcheck\.h")
BENCH_MAY = re.compile(r"benchmark/")
# Headers of the operating system, the compiler and C. Everything else with a dot or a slash is somebody's library.
SYSTEM = re.compile(
    r"(sys|netinet|arpa|linux|net|bits|sanitizer)/|"
    r"(wmmintrin|unistd|fcntl|poll|signal|pthread|sched|dirent|errno|netdb|time|string|stdio|stdlib|stdint|stddef|limits|math|"
    r"immintrin|emmintrin|x86intrin|cxxabi|execinfo|malloc|termios|glob|fnmatch|langinfo|locale|pwd|getopt)\.h$"
)
SOCKET_HEADERS = re.compile(r"sys/(socket|un|epoll|select|eventfd|timerfd)\.h|netinet/|arpa/|netdb\.h|poll\.h|net/if\.h")

# What the core may not do, and the words that do it.
_CLOCK = re.compile(
    r"\b(system_clock|steady_clock|high_resolution_clock|utc_clock|tai_clock|gps_clock|file_clock)\b"
    r"|\b(gettimeofday|clock_gettime|timespec_get|__rdtsc|_rdtsc)\b"
    r"|\bstd::(time|clock)\s*\(|(?<![\w.:>])time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)|(?<![\w.:>])clock\s*\(\s*\)"
)
_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep)\b|(?<![\w.:>])sleep\s*\(")
_THREAD = re.compile(r"\bstd::(thread\b(?!::)|jthread|async|condition_variable\w*|packaged_task)|\bpthread_(create|join|detach)\b")
_MUTEX = re.compile(r"\b(Mutex|SharedMutex|HeldLock|HeldSharedLock)\b")
# Unknown to clang's analysis of what a lock guards; base/mutex.h has what that knows.
_UNCHECKED_LOCK = re.compile(
    r"\bstd::((shared_|recursive_)?(timed_)?mutex|lock_guard|unique_lock|scoped_lock|shared_lock|condition_variable\w*)\b"
)
LOCKS = "base/mutex.h"
_THROW = re.compile(r"\bthrow\b")
_CATCH = re.compile(r"\bcatch\s*\(")

SIZE_ERROR = 800  # no file with one subject has been that long
SIZE_WARNING = 400


def check_strays(tree):
    return [f"{path}: is in no module; declare its folder with rg_module() in src/CMakeLists.txt" for path in tree.strays]


def check_dependencies(tree):
    errors = []
    for source in tree.sources:
        module = source.module
        allowed = {module.path, *module.deps}
        if source.role != "code":
            allowed |= set(module.test_deps)
        for line, quote, name in source.includes:
            if quote != '"' or name.startswith("rateguard/"):
                continue
            place = f"{source.path}:{line}"
            target = tree.module_of_include(name)
            if target is None or name not in tree.by_name:
                errors.append(f'{place}: "{name}" is no file below src/; headers are named from there')
            elif target.path not in allowed:
                keyword = "DEPS" if source.role == "code" else "DEPS or TEST_DEPS"
                errors.append(f'{place}: "{name}" belongs to {target.path}, which is not in {keyword} of {module.path}')
    return errors


def check_unused_dependencies(tree):
    """A dependency that nothing includes is a wall that does not stand; one that only tests need is not the module's."""
    errors = []
    for module in tree.modules:
        if module.path == "app":
            continue  # app may use every module
        code, tests = _included_modules(tree, module, is_code=True), _included_modules(tree, module, is_code=False)
        place = f"src/CMakeLists.txt:{module.line}"
        for name in module.deps:
            if name not in code:
                what = "only tests include: it belongs in TEST_DEPS" if name in tests else "no file includes: take it out"
                errors.append(f"{place}: DEPS of {module.path} name {name}, which {what}")
        for name in module.test_deps:
            if name not in tests:
                errors.append(f"{place}: TEST_DEPS of {module.path} name {name}, which no test includes: take it out")
    return errors


def _included_modules(tree, module, is_code):
    found = set()
    for source in tree.sources:
        if source.module is module and (source.role == "code") == is_code:
            targets = (tree.module_of_include(name) for _, quote, name in source.includes if quote == '"')
            found |= {target.path for target in targets if target}
    return found


def check_shipped_test_code(tree):
    """What only tests use is compiled into their programs, not into the library that is installed."""
    errors = []
    for source in tree.sources:
        header = tree.by_name.get(source.name.removesuffix(".cc") + ".h")
        if source.role == "code" and not source.is_header and header and header.role == "test":
            name = source.path.stem
            errors.append(f"{source.path}: only tests include its header; call the two {name}_testing.cc and .h")
    return errors


def check_third_party(tree):
    errors = []
    for source in tree.sources:
        module = source.module
        external = set(module.external)
        if source.role != "code":
            external |= set(module.test_external)
        for line, quote, name in source.includes:
            message = _third_party_error(source, external, name) if quote == "<" else None
            if message:
                errors.append(f"{source.path}:{line}: {message}")
    return errors


def _third_party_error(source, external, name):
    if source.role != "code" and TESTS_MAY.match(name):
        return None
    if source.role == "bench" and BENCH_MAY.match(name):
        return None
    if EVERYWHERE.match(name) or name.startswith("rateguard/"):
        return None
    for pattern, targets in THIRD_PARTY:
        if re.match(pattern, name):
            if external & set(targets):
                return None
            return f"<{name}> needs {' or '.join(targets)}, which is not in EXTERNAL of {source.module.path}"
    if re.match(r"gtest|gmock|rapidcheck|benchmark", name):
        return f"<{name}> is for tests and benchmarks; this file is part of {source.module.path}"
    if SYSTEM.match(name) or not re.search(r"[./]", name):
        return None
    return f"<{name}> is of no library this project knows; add it to tests/structure/rules_code.py with its owner"


def check_core_bans(tree):
    errors = []
    for source in tree.sources:
        if not source.module.is_core:
            continue
        bans = [(_SLEEP, "sleeps; time is an argument")]
        if source.role == "code":
            bans += [
                (_CLOCK, "reads a clock; the core takes `Instant now` as an argument"),
                (_THREAD, "starts or waits for a thread; the core has none"),
            ]
            bans.append((_CATCH, "catches; errors in the core are values"))
            if source.module.path.split("/")[0] != "store":
                bans.append((_MUTEX, "locks; in the core only store/ is shared between threads"))
        code = source.code
        for pattern, why in bans:
            for match in pattern.finditer(code):
                errors.append(f"{source.path}:{cpp_text.line_of(code, match.start())}: '{match.group(0).strip()}' {why}")
        for line, _, name in source.includes:
            if source.role == "code" and SOCKET_HEADERS.match(name):
                errors.append(f"{source.path}:{line}: <{name}> is for sockets; the core has none")
    return errors


def check_locks(tree):
    errors = []
    for source in tree.sources:
        if source.role != "code" or source.name == LOCKS:
            continue
        code = source.code
        for match in _UNCHECKED_LOCK.finditer(code):
            place = f"{source.path}:{cpp_text.line_of(code, match.start())}"
            errors.append(f"{place}: '{match.group(0)}'; what it guards cannot be checked, take the locks of {LOCKS}")
    return errors


def check_throw(tree):
    errors = []
    for source in tree.sources:
        if source.role != "code":
            continue
        code = source.code
        for match in _THROW.finditer(code):
            errors.append(f"{source.path}:{cpp_text.line_of(code, match.start())}: 'throw'; what can fail returns Result")
    return errors


def check_fuzz_seeds(tree):
    errors = []
    for path in tree.files("src", "tests", "fuzz", suffixes=(".cc",)):
        if path.stem.endswith("_fuzz"):
            corpus = tree.root / "fuzz/corpus" / path.stem.removesuffix("_fuzz")
            if not corpus.is_dir() or not any(entry.is_file() for entry in corpus.rglob("*")):
                errors.append(f"{path}: has no seeds; add a few to {corpus.relative_to(tree.root)}/")
    return errors


def check_sizes(tree):
    errors, warnings = [], []
    folders = ("src", "include", "tests", "bench", "fuzz", "tools", "examples", "cmake")
    for path in tree.files(*folders, suffixes=(".cc", ".h", ".py", ".sh", ".cmake", "")):
        if "corpus" in path.parts or "dict" in path.parts:
            continue
        lines = (tree.root / path).read_bytes().count(b"\n")
        if lines > SIZE_ERROR:
            errors.append(f"{path}: {lines} lines; past {SIZE_ERROR} a file has a second subject, give it its own file")
        elif lines > SIZE_WARNING:
            warnings.append(f"{path}: {lines} lines; what is the second thing in it?")
    return errors, warnings
