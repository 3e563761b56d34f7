"""Every header and every file of the program includes what it uses of the standard library and of fmt, itself or through a header of ours.

The compiler does not tell where they are precompiled: all of them are there before the first line of a file.
"""

import re

import cpp_text

# Header -> names that it declares. A name may stand with several headers: each gives it. One that is not here is not
# looked for.
_DECLARES = {
    "algorithm": "all_of any_of none_of clamp copy copy_n count count_if equal fill fill_n find find_if for_each lower_bound"
    " upper_bound max max_element min min_element minmax partition remove_if replace reverse rotate shuffle sort stable_sort"
    " transform unique is_sorted nth_element binary_search ranges",
    "array": "array to_array",
    "atomic": "atomic atomic_ref atomic_flag memory_order memory_order_acquire memory_order_relaxed memory_order_release",
    "bit": "bit_cast bit_ceil bit_floor bit_width countl_zero countr_zero has_single_bit popcount rotl endian byteswap",
    "charconv": "from_chars to_chars chars_format errc",
    "chrono": "chrono",
    "cmath": "abs ceil exp floor isfinite isnan ldexp llround log log2 pow round sqrt",
    "compare": "strong_ordering weak_ordering partial_ordering",
    "concepts": "same_as derived_from convertible_to integral invocable predicate",
    "condition_variable": "condition_variable",
    "coroutine": "coroutine_handle",
    "cstddef": "byte ptrdiff_t nullptr_t max_align_t",
    "cstdint": "int64_t uint64_t int32_t uint32_t uint16_t uint8_t uintptr_t",
    "cstdio": "FILE fopen fputs",
    "cstring": "memchr memcmp memcpy memmove memset strlen strcmp",
    "deque": "deque",
    "expected": "expected unexpected",
    "filesystem": "filesystem",
    "fstream": "ifstream ofstream",
    "functional": "function move_only_function bind_front hash less greater equal_to reference_wrapper ref cref",
    "future": "async future promise packaged_task",
    "initializer_list": "initializer_list",
    "iostream": "cout cerr",
    "iterator": "back_inserter make_move_iterator ssize input_iterator_tag forward_iterator_tag",
    "istream": "istream",
    "latch": "latch",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map multimap",
    "memory": "unique_ptr make_unique shared_ptr make_shared weak_ptr enable_shared_from_this allocator default_delete addressof"
    " construct_at destroy_at",
    "mutex": "mutex lock_guard scoped_lock unique_lock once_flag call_once",
    "new": "bad_alloc align_val_t launder nothrow hardware_destructive_interference_size",
    "numeric": "accumulate iota gcd midpoint",
    "optional": "optional nullopt nullopt_t make_optional",
    "ostream": "ostream",
    "ranges": "ranges views",
    "queue": "queue priority_queue",
    "random": "mt19937_64 mt19937 random_device uniform_int_distribution",
    "regex": "regex",
    "set": "set multiset",
    "shared_mutex": "shared_mutex shared_lock",
    "span": "span as_bytes",
    "sstream": "stringstream istringstream ostringstream",
    "stop_token": "stop_token stop_source",
    "string": "string to_string stoi string_view hash",
    "string_view": "string_view hash",
    "system_error": "error_code errc system_category",
    "thread": "thread jthread this_thread",
    "tuple": "tuple tie make_tuple apply",
    "type_traits": "conditional_t decay_t is_same_v is_enum_v is_trivially_copyable_v is_void_v remove_cvref_t underlying_type_t"
    " invoke_result_t is_convertible_v enable_if_t",
    "unordered_map": "unordered_map unordered_multimap",
    "unordered_set": "unordered_set",
    "utility": "exchange pair make_pair to_underlying unreachable integer_sequence index_sequence",
    "variant": "variant visit holds_alternative get_if monostate",
    "vector": "vector",
}
_GIVERS = {}
for _header, _names in _DECLARES.items():
    for _name in _names.split():
        _GIVERS.setdefault(_name, set()).add(_header)

# The standard has these include it.
_GIVERS["initializer_list"] |= {"algorithm", "array", "deque", "functional", "map", "set", "span", "string", "string_view", "vector"}

_USE = re.compile(r"\bstd::(\w+)|(?<![\w:])(u?int(?:8|16|32|64)_t|fmt::\w+)\b")


def _standard_includes(tree, source, seen):
    """The standard headers that `source` includes, itself or through a header of ours."""
    found = set()
    for _, quote, name in source.includes:
        if quote == "<":
            found.add("fmt/format.h" if name.startswith("fmt/") else name)
        elif name not in seen and name in tree.by_name:
            seen.add(name)
            found |= _standard_includes(tree, tree.by_name[name], seen)
    return found


def _givers(use):
    if use.group(1):
        return _GIVERS.get(use.group(1), set())
    return {"fmt/format.h"} if use.group(2).startswith("fmt::") else {"cstdint"}


def check_standard_names(tree):
    errors = []
    for source in tree.sources:
        if not source.is_header and source.role not in ("code", "fuzz"):
            continue
        there = _standard_includes(tree, source, {source.name})
        code = source.code
        missing = {}
        for match in _USE.finditer(code):
            givers = _givers(match)
            if givers and not givers & there:
                missing.setdefault(min(givers, key=len), match)
        for header, match in missing.items():
            place = f"{source.path}:{cpp_text.line_of(code, match.start())}"
            errors.append(f"{place}: '{match.group(0)}' needs <{header}>")
    return errors
