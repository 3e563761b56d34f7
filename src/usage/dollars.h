// An amount of dollars as JSON writes it, exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard::usage {

// "0.00123", "1.2e-05": in nano-dollars, rounded up. nullopt: not a number that JSON writes, below 0, or above what a
// budget can hold.
std::optional<int64_t> nano_dollars(std::string_view text);

}  // namespace rateguard::usage
