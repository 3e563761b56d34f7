// What tokens cost. Prices are whole pico-dollars a token ($2.50 a million is 2,500,000), so that no figure is rounded
// before the last one.
#pragma once

#include <cstdint>
#include <optional>

#include "usage/token_usage.h"

namespace rateguard::usage {

// Pico-dollars a token; none is negative.
struct TokenPrices {
  int64_t input = 0;
  int64_t output = 0;
  std::optional<int64_t> cached_input = {};    // none: as input
  std::optional<int64_t> cache_write = {};     // none: as input
  std::optional<int64_t> cache_write_1h = {};  // none: as cache_write
  std::optional<int64_t> reasoning = {};       // none: as output
};

// The most that a budget can hold, and what larger products count as.
inline constexpr int64_t kNanoDollarsMax = int64_t{1} << 53;

// By the prices, or what the provider says where it does. Rounded up once, to nano-dollars.
int64_t cost_nano_dollars(const TokenUsage& usage, const TokenPrices& prices);

}  // namespace rateguard::usage
