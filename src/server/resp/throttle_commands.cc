// CL.THROTTLE and THROTTLE: a limit that comes with the command. The same key and figures name the same counter as
// POST /check with "algorithm": "gcra".
//
// Answers and errors: redis-cell (src/lib.rs) and throttlecrab (throttlecrab-server/src/transport/redis).
#include <fmt/format.h>

#include <optional>

#include "server/resp/call.h"
#include "store/counter_key.h"

namespace rateguard::resp {
namespace {

constexpr auto kUnitsMost = static_cast<int64_t>(kUnitsMax);

// The figures as sent.
struct Figures {
  int64_t max_burst = 0;
  int64_t count = 0;
  int64_t period_s = 0;
  int64_t quantity = 1;
};

// The first word that is not a number; nullopt if all are.
std::optional<size_t> read_figures(std::span<const std::string_view> words, Figures& figures) {
  int64_t* const fields[] = {&figures.max_burst, &figures.count, &figures.period_s, &figures.quantity};
  for (size_t i = 2; i < words.size(); ++i) {
    if (!parse_integer(words[i], *fields[i - 2])) return i;
  }
  return std::nullopt;
}

bool in_units(int64_t value, int64_t at_least) {
  return value >= at_least && value <= kUnitsMost;
}

// REQUIRES: burst, count and quantity are at most kUnitsMax. Errors: a period out of bounds, a rate too slow to count.
Result<Limit> limit_of(int64_t burst, const Figures& figures) {
  if (figures.period_s < 1 || figures.period_s > kPeriodMax.ceil_seconds()) {
    return invalid(fmt::format("period must be 1 to {} seconds, not {}", kPeriodMax.ceil_seconds(), figures.period_s));
  }
  return Limit::gcra(static_cast<uint64_t>(burst), Rate{.units = static_cast<uint64_t>(figures.count),
                                                        .period = Duration::seconds(figures.period_s)});
}

void ask(CommandCall& call, const Figures& figures, const Limit& limit, Shape shape) {
  call.workspace.batch.add(
      {.key = call.words[1], .limit = limit, .cost = Cost{static_cast<uint64_t>(figures.quantity)}}, shape,
      call.client);
}

void fail_cell(CommandCall& call, std::string_view text) {
  call.fail(fmt::format("Cell error: {}", text));
}

}  // namespace

void answers::cl_throttle(CommandCall& call) {
  if (call.words.size() != 5 && call.words.size() != 6) {
    return fail_cell(call, "Usage: cl.throttle <key> <max_burst> <count per period> <period> [<quantity>]");
  }
  Figures figures;
  if (const auto bad = read_figures(call.words, figures)) {
    return fail_cell(call, fmt::format("Couldn't parse as integer: {}", cut(call.words[*bad], 64)));
  }
  const std::string_view key = call.words[1];
  if (key.empty() || key.size() > kSubjectPartMax) {
    return fail_cell(call, fmt::format("key must be 1 to {} bytes, not {}", kSubjectPartMax, key.size()));
  }
  if (!in_units(figures.max_burst, 0) || figures.max_burst == kUnitsMost) {
    return fail_cell(call, fmt::format("max_burst must be 0 to {}, not {}", kUnitsMost - 1, figures.max_burst));
  }
  if (!in_units(figures.count, 1)) {
    return fail_cell(call, fmt::format("count per period must be 1 to {}, not {}", kUnitsMost, figures.count));
  }
  if (!in_units(figures.quantity, 0)) {
    return fail_cell(call, fmt::format("quantity must be 0 to {}, not {}", kUnitsMost, figures.quantity));
  }
  const auto limit = limit_of(figures.max_burst + 1, figures);
  if (!limit) return fail_cell(call, limit.error().message);
  ask(call, figures, *limit, Shape::kCell);
}

void answers::throttle(CommandCall& call) {
  if (call.words.size() > 6) return call.fail_arity();
  Figures figures;
  if (const auto bad = read_figures(call.words, figures)) {
    constexpr std::string_view kNames[] = {"max_burst", "count_per_period", "period", "quantity"};
    return call.fail(fmt::format("ERR invalid {}", kNames[*bad - 2]));
  }
  const std::string_view key = call.words[1];
  if (key.empty() || key.size() > kSubjectPartMax) return call.fail("ERR invalid key");
  if (figures.quantity < 0) return call.fail(fmt::format("ERR negative quantity: {}", figures.quantity));
  if (!in_units(figures.max_burst, 1) || !in_units(figures.count, 1) || !in_units(figures.quantity, 0)) {
    return call.fail("ERR invalid rate limit parameters");
  }
  const auto limit = limit_of(figures.max_burst, figures);
  if (!limit) return call.fail("ERR invalid rate limit parameters");
  ask(call, figures, *limit, Shape::kCrab);
}

}  // namespace rateguard::resp
