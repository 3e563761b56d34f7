// The types of plain YAML scalars in gopkg.in/yaml.v2 v2.4.0, which envoyproxy/ratelimit
// uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard::config {

// The truth values of YAML 1.1: true, yes, on, y and their opposites, in any case.
std::optional<bool> parse_yaml_truth(std::string_view text);

// Digits with an optional sign, in base 10, 16 (0x), 2 (0b) or 8 (0o, or a leading 0), with optional '_' between them.
// Empty for other text, or a number that does not fit 64 bits.
std::optional<int64_t> parse_yaml_integer(std::string_view text);

// As parse_yaml_integer(), or a finite decimal number with a fraction or an exponent.
std::optional<double> parse_yaml_number(std::string_view text);

bool is_yaml_null(std::string_view text);  // nothing, "~", "null"

// A tag in the parser's long form: "tag:yaml.org,2002:int".
bool is_core_tag(std::string_view tag);
// The type, such as "int"; empty for a tag of another schema, or none.
std::string_view core_type(std::string_view tag);
// Whether a scalar may have this tag: !!int needs an integer, !!str accepts everything. True without a tag.
bool fits_tag(std::string_view text, std::string_view tag);

}  // namespace rateguard::config
