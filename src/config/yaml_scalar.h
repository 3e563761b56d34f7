// What a plain YAML scalar is to a parser that knows types, as gopkg.in/yaml.v2 v2.4.0 reads it, which
// envoyproxy/ratelimit is built with.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard::config {

// The truth values of YAML 1.1: true, yes, on, y and their opposites, in any case.
std::optional<bool> parse_yaml_truth(std::string_view text);

// Digits with an optional sign, in base 10, 16 (0x), 2 (0b) or 8 (0o, or a leading 0), with '_' between them where that
// reads better. None: another text, or a number that 64 bits do not hold.
std::optional<int64_t> parse_yaml_integer(std::string_view text);

// The same, or a finite decimal number with a fraction or an exponent.
std::optional<double> parse_yaml_number(std::string_view text);

bool is_yaml_null(std::string_view text);  // nothing, "~", "null"

// Tags as the parser spells them out: "tag:yaml.org,2002:int".
bool is_core_tag(std::string_view tag);
// "int" of it; empty for a tag of another schema or none.
std::string_view core_type(std::string_view tag);
// Whether a scalar may have this tag: !!int wants an integer, !!str takes everything. True without a tag.
bool fits_tag(std::string_view text, std::string_view tag);

}  // namespace rateguard::config
