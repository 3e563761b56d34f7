#include "usage/token_prices.h"

#include <algorithm>

namespace rateguard::usage {
namespace {

using Pico = unsigned __int128;

Pico product(int64_t tokens, int64_t price) {
  return static_cast<Pico>(std::max<int64_t>(tokens, 0)) * static_cast<Pico>(std::max<int64_t>(price, 0));
}

}  // namespace

int64_t cost_nano_dollars(const TokenUsage& usage, const TokenPrices& prices) {
  if (usage.cost_nano_dollars) return std::min(*usage.cost_nano_dollars, kNanoDollarsMax);
  const int64_t cache_write = prices.cache_write.value_or(prices.input);
  const int64_t reasoning = std::min(usage.reasoning, usage.output);
  const Pico pico =
      product(usage.input, prices.input) + product(usage.cached_input, prices.cached_input.value_or(prices.input)) +
      product(usage.cache_write, cache_write) +
      product(usage.cache_write_1h, prices.cache_write_1h.value_or(cache_write)) +
      product(usage.output - reasoning, prices.output) + product(reasoning, prices.reasoning.value_or(prices.output));
  const Pico nano = (pico + 999) / 1'000;
  return static_cast<int64_t>(std::min(nano, static_cast<Pico>(kNanoDollarsMax)));
}

}  // namespace rateguard::usage
