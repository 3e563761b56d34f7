#include "config/limit_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <vector>

#include "algorithm/calendar.h"
#include "model/quantity.h"
#include "settings/choice.h"
#include "text/number.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

using enum LimitKey;
using Made = std::expected<Limit, LimitProblem>;

constexpr std::array<std::string_view, kLimitKeys> kKeyNames = {"algorithm", "limit",     "window", "capacity",
                                                                "refill",    "rate",      "burst",  "queue",
                                                                "anchor",    "time_zone", "hold",   "overdraft"};

std::unexpected<LimitProblem> problem(LimitKey key, std::string message) {
  return std::unexpected(LimitProblem{.key = key, .message = std::move(message)});
}

// In the order in which messages list them.
std::span<const LimitKey> keys_of(Algorithm algorithm) {
  static constexpr LimitKey kTokenBucket[] = {kLimit, kWindow, kBurst, kCapacity, kRefill, kOverdraft};
  static constexpr LimitKey kGcra[] = {kLimit, kWindow, kRate, kBurst, kOverdraft};
  static constexpr LimitKey kLeakyBucket[] = {kLimit, kWindow, kRate, kQueue};
  static constexpr LimitKey kFixedWindow[] = {kLimit, kWindow, kAnchor, kTimeZone, kOverdraft};
  static constexpr LimitKey kSliding[] = {kLimit, kWindow, kOverdraft};
  static constexpr LimitKey kConcurrency[] = {kLimit, kHold};
  switch (algorithm) {
    case Algorithm::kTokenBucket:
      return kTokenBucket;
    case Algorithm::kGcra:
      return kGcra;
    case Algorithm::kLeakyBucket:
      return kLeakyBucket;
    case Algorithm::kFixedWindow:
      return kFixedWindow;
    case Algorithm::kSlidingWindowLog:
    case Algorithm::kSlidingWindowCounter:
      return kSliding;
    case Algorithm::kConcurrency:
      return kConcurrency;
  }
  return {};
}

std::string names_of(std::span<const LimitKey> keys) {
  std::vector<std::string_view> names;
  for (const LimitKey key : keys) names.push_back(to_string(key));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::optional<LimitProblem> foreign_key(const LimitSpec& spec, Algorithm algorithm) {
  const auto keys = keys_of(algorithm);
  for (size_t i = 1; i < kLimitKeys; ++i) {  // from 1: algorithm itself
    const auto key = static_cast<LimitKey>(i);
    if (!spec.has(key) || std::ranges::find(keys, key) != keys.end()) continue;
    return LimitProblem{.key = key,
                        .message = fmt::format("{} does not go with {}, which takes {}", to_string(key),
                                               rateguard::to_string(algorithm), names_of(keys))};
  }
  return std::nullopt;
}

// The value of `limit`, in either form, with `window` and `burst` if they belong to it.
struct Amount {
  Rate rate;
  std::optional<uint64_t> burst;
};

std::expected<Amount, LimitProblem> amount_of(const LimitSpec& spec) {
  if (spec.limit_text) {
    if (spec.window) return problem(kWindow, "the period is given twice, in limit and in window");
    if (spec.limit_text->burst && spec.burst) return problem(kBurst, "burst is given twice, in limit and on its own");
    return Amount{spec.limit_text->rate, spec.burst ? spec.burst : spec.limit_text->burst};
  }
  if (!spec.limit) return problem(kLimit, "limit is missing; expected N/period, such as 5/m");
  if (!spec.window) {
    return problem(
        kLimit, fmt::format("limit: {0} leaves out the period; expected window beside it, or {0}/period", *spec.limit));
  }
  return Amount{{.units = *spec.limit, .period = *spec.window}, spec.burst};
}

Made checked(Result<Limit> limit, LimitKey key) {
  if (!limit) return problem(key, limit.error().message);
  return *limit;
}

// For algorithms with a rate and a size: `limit` gives both, or two separate keys do.
struct RateAndSize {
  LimitKey rate_key;
  std::optional<Rate> rate;
  LimitKey size_key;
  std::optional<uint64_t> size;
  Result<Limit> (*make)(uint64_t, Rate);
};

Made make_rate_and_size(const LimitSpec& spec, const RateAndSize& parts) {
  if (!spec.has(kLimit) && !spec.window && (parts.rate || parts.size)) {
    if (!parts.rate) return problem(parts.rate_key, fmt::format("{} is missing", to_string(parts.rate_key)));
    if (!parts.size) return problem(parts.size_key, fmt::format("{} is missing", to_string(parts.size_key)));
    return checked(parts.make(*parts.size, *parts.rate), parts.size_key);
  }
  if (parts.rate) {
    return problem(parts.rate_key,
                   fmt::format("{} is given besides limit; expected one of them", to_string(parts.rate_key)));
  }
  const auto amount = amount_of(spec);
  if (!amount) return std::unexpected(amount.error());
  return checked(parts.make(parts.size ? *parts.size : amount->burst.value_or(amount->rate.units), amount->rate),
                 kLimit);
}

Made make_token_bucket(const LimitSpec& spec) {
  if (spec.has(kLimit) && spec.capacity) {
    return problem(kCapacity, "capacity is given besides limit; expected burst beside limit, or capacity and refill");
  }
  if (spec.capacity && spec.burst) return problem(kBurst, "burst is given besides capacity; they are the same");
  return make_rate_and_size(spec, {.rate_key = kRefill,
                                   .rate = spec.refill,
                                   .size_key = kCapacity,
                                   .size = spec.capacity,
                                   .make = Limit::token_bucket});
}

Made make_gcra(const LimitSpec& spec) {
  // With `limit` the burst belongs to its amount; with `rate` it is the size.
  const auto size = spec.rate ? spec.burst : std::nullopt;
  return make_rate_and_size(
      spec, {.rate_key = kRate, .rate = spec.rate, .size_key = kBurst, .size = size, .make = Limit::gcra});
}

Made make_leaky_bucket(const LimitSpec& spec) {
  if (spec.limit_text && spec.limit_text->burst)
    return problem(kLimit, "a leaky bucket has no burst; expected queue beside limit");
  return make_rate_and_size(
      spec,
      {.rate_key = kRate, .rate = spec.rate, .size_key = kQueue, .size = spec.queue, .make = Limit::leaky_bucket});
}

// The window of a plain `limit`.
std::expected<Rate, LimitProblem> window_of(const LimitSpec& spec, Algorithm algorithm) {
  const auto amount = amount_of(spec);
  if (!amount) return std::unexpected(amount.error());
  if (amount->burst) return problem(kLimit, fmt::format("{} has no burst", rateguard::to_string(algorithm)));
  return amount->rate;
}

Made make_calendar_window(const LimitSpec& spec) {
  const Anchor unit = *spec.anchor;
  uint64_t units = spec.limit.value_or(0);
  std::optional<Duration> period = spec.window;
  if (spec.limit_text) {
    const auto rate = window_of(spec, Algorithm::kFixedWindow);
    if (!rate) return std::unexpected(rate.error());
    units = rate->units;
    period = rate->period;
  } else if (!spec.limit) {
    return problem(kLimit, "limit is missing; expected a number");
  }
  // A period with a name, a day or a week, may be given twice.
  const bool same = !period || (unit == Anchor::kDay && *period == Duration::seconds(86'400)) ||
                    (unit == Anchor::kWeek && *period == Duration::seconds(604'800));
  if (!same)
    return problem(spec.window ? kWindow : kLimit, "the anchor gives the period; expected limit as a number alone");
  return checked(Limit::calendar_window(units, unit, spec.time_zone.value_or(nullptr)), kLimit);
}

Made make_fixed_window(const LimitSpec& spec) {
  const Anchor anchor = spec.anchor.value_or(Anchor::kEpoch);
  const bool calendar = anchor != Anchor::kEpoch && anchor != Anchor::kFirstRequest;
  if (calendar) return make_calendar_window(spec);
  if (spec.time_zone) return problem(kTimeZone, "time_zone needs an anchor of day, week, month or year");
  const auto rate = window_of(spec, Algorithm::kFixedWindow);
  if (!rate) return std::unexpected(rate.error());
  return checked(anchor == Anchor::kEpoch ? Limit::fixed_window(rate->units, rate->period)
                                          : Limit::fixed_window_from_first_request(rate->units, rate->period),
                 kLimit);
}

Made make_sliding(const LimitSpec& spec, Algorithm algorithm, Result<Limit> (*make)(uint64_t, Duration)) {
  const auto rate = window_of(spec, algorithm);
  if (!rate) return std::unexpected(rate.error());
  return checked(make(rate->units, rate->period), kLimit);
}

Made make_concurrency(const LimitSpec& spec) {
  if (spec.limit_text) return problem(kLimit, "concurrency has no period; expected limit as a number alone");
  if (!spec.limit) return problem(kLimit, "limit is missing; expected a number");
  if (!spec.hold) return problem(kHold, "hold is missing; expected how long a unit is held at most, such as 30s");
  const bool too_many = *spec.limit > capacity_max(Algorithm::kConcurrency);
  return checked(Limit::concurrency(*spec.limit, *spec.hold), too_many ? kLimit : kHold);
}

constexpr Choice<Anchor> kAnchors[] = {{"epoch", Anchor::kEpoch}, {"first_request", Anchor::kFirstRequest},
                                       {"day", Anchor::kDay},     {"week", Anchor::kWeek},
                                       {"month", Anchor::kMonth}, {"year", Anchor::kYear}};

constexpr Choice<bool> kTruths[] = {{"true", true}, {"false", false}};

Result<uint64_t> parse_units(std::string_view text) {
  const auto units = parse_whole(text, {.min = 1, .max = kUnitsMax});
  if (!units) return invalid(fmt::format("expected a whole number from 1 to {}, found {}", kUnitsMax, quote(text)));
  return *units;
}

Result<Duration> parse_period(std::string_view text) {
  auto period = parse_duration(text);
  if (period && *period < kPeriodMin)
    return invalid(fmt::format("expected a duration from 1ms to 366d, found {}", quote(text)));
  return period;
}

template <typename T>
Result<void> assign(std::optional<T>& field, Result<T> value) {
  if (!value) return std::unexpected(value.error());
  field = *std::move(value);
  return {};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string_view to_string(LimitKey key) {
  return kKeyNames[static_cast<size_t>(key)];
}

bool LimitSpec::has(LimitKey key) const {
  const std::array<bool, kLimitKeys> given = {algorithm.has_value(), limit || limit_text, window.has_value(),
                                              capacity.has_value(),  refill.has_value(),  rate.has_value(),
                                              burst.has_value(),     queue.has_value(),   anchor.has_value(),
                                              time_zone.has_value(), hold.has_value(),    overdraft.has_value()};
  return given[static_cast<size_t>(key)];
}

Result<void> LimitSpec::set(LimitKey key, std::string_view text) {
  switch (key) {
    case kAlgorithm:
      return assign(algorithm, parse_algorithm(text));
    case kLimit:
      limit.reset();
      limit_text.reset();
      return is_number(text) ? assign(limit, parse_units(text)) : assign(limit_text, parse_limit_text(text));
    case kWindow:
      return assign(window, parse_period(text));
    case kCapacity:
      return assign(capacity, parse_units(text));
    case kRefill:
      return assign(refill, parse_rate(text));
    case kRate:
      return assign(rate, parse_rate(text));
    case kBurst:
      return assign(burst, parse_units(text));
    case kQueue:
      return assign(queue, parse_units(text));
    case kAnchor:
      return assign(anchor, choose(kAnchors, text));
    case kTimeZone:
      return assign(time_zone, rateguard::algorithm::find_zone(text));
    case kHold:
      return assign(hold, parse_period(text));
    case kOverdraft:
      return assign(overdraft, choose(kTruths, text));
  }
  return {};
}

void LimitSpec::clear(LimitKey key) {
  switch (key) {
    case kAlgorithm:
      return algorithm.reset();
    case kLimit:
      limit.reset();
      return limit_text.reset();
    case kWindow:
      return window.reset();
    case kCapacity:
      return capacity.reset();
    case kRefill:
      return refill.reset();
    case kRate:
      return rate.reset();
    case kBurst:
      return burst.reset();
    case kQueue:
      return queue.reset();
    case kAnchor:
      return anchor.reset();
    case kTimeZone:
      return time_zone.reset();
    case kHold:
      return hold.reset();
    case kOverdraft:
      return overdraft.reset();
  }
}

namespace {

Made make_plain(const LimitSpec& spec) {
  const Algorithm algorithm = spec.algorithm.value_or(Algorithm::kTokenBucket);
  if (auto foreign = foreign_key(spec, algorithm)) return std::unexpected(*std::move(foreign));
  switch (algorithm) {
    case Algorithm::kTokenBucket:
      return make_token_bucket(spec);
    case Algorithm::kGcra:
      return make_gcra(spec);
    case Algorithm::kLeakyBucket:
      return make_leaky_bucket(spec);
    case Algorithm::kFixedWindow:
      return make_fixed_window(spec);
    case Algorithm::kSlidingWindowLog:
      return make_sliding(spec, algorithm, Limit::sliding_window_log);
    case Algorithm::kSlidingWindowCounter:
      return make_sliding(spec, algorithm, Limit::sliding_window_counter);
    case Algorithm::kConcurrency:
      return make_concurrency(spec);
  }
  return problem(kAlgorithm, "unknown algorithm");
}

}  // namespace

std::expected<Limit, LimitProblem> make_limit(const LimitSpec& spec) {
  const Made made = make_plain(spec);
  if (!made || !spec.overdraft.value_or(false)) return made;
  return checked(made->with_overdraft(), kOverdraft);
}

}  // namespace rateguard::config
