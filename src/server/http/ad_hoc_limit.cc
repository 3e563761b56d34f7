#include "server/http/ad_hoc_limit.h"

#include <fmt/format.h>

#include <charconv>

#include "algorithm/calendar.h"
#include "model/json_number.h"
#include "model/quantity.h"
#include "server/http/check_fields.h"

namespace rateguard::http_api {
namespace {

constexpr FieldSet kWindowFields = {Field::kLimit, Field::kWindow};

// The required and the optional parameters of an algorithm.
struct Parameters {
  FieldSet required;
  FieldSet optional;
  std::string_view text;
};

Parameters parameters_of(Algorithm algorithm, const CheckBody& body) {
  switch (algorithm) {
    case Algorithm::kTokenBucket:
      return {{Field::kCapacity, Field::kRefillRate}, {}, "capacity and refill_rate"};
    case Algorithm::kGcra:
      if (body.present.has(Field::kRate)) return {{Field::kRate, Field::kBurst}, {}, "rate and burst"};
      return {kWindowFields, {Field::kBurst}, "limit and window (and burst), or rate and burst"};
    case Algorithm::kLeakyBucket:
      return {{Field::kRate, Field::kQueue}, {}, "rate and queue"};
    case Algorithm::kFixedWindow: {
      const bool calendar = body.present.has(Field::kAnchor) && body.value(Field::kAnchor).text != "epoch" &&
                            body.value(Field::kAnchor).text != "first_request";
      if (calendar) return {{Field::kLimit, Field::kAnchor}, {Field::kTimeZone}, "limit and anchor (and time_zone)"};
      return {kWindowFields, {Field::kAnchor}, "limit and window (and anchor)"};
    }
    case Algorithm::kSlidingWindowLog:
    case Algorithm::kSlidingWindowCounter:
      return {kWindowFields, {}, "limit and window"};
    case Algorithm::kConcurrency:
      return {{Field::kLimit, Field::kHold}, {}, "limit and hold"};
  }
  return {};
}

bool check_parameters(CheckBody& body, std::string_view algorithm, const Parameters& parameters, FieldSet other) {
  const FieldSet missing = parameters.required.without(body.present);
  if (!missing.empty()) {
    body.fail(field_name(missing.first()), fmt::format("missing; {} takes {}", algorithm, parameters.text));
  }
  FieldSet strange = body.present.without(parameters.required | parameters.optional | other);
  while (!strange.empty()) {
    const Field field = strange.first();
    body.fail(field_name(field), fmt::format("does not belong to {}, which takes {}", algorithm, parameters.text));
    strange = strange.without({field});
  }
  return body.errors.empty();
}

// A number as text that has one spelling for each value, so "1e-05" is read as 0.00001; other text unchanged. `plain`
// stores it.
std::string_view spelled_plainly(const FieldValue& value, std::string& plain) {
  if (value.kind != JsonKind::kInteger && value.kind != JsonKind::kDecimal) return value.text;
  const auto number = parse_json_number(value.text);
  auto text = number ? number->plain_text() : std::nullopt;
  if (!text) return value.text;
  plain = *std::move(text);
  return plain;
}

std::optional<Duration> read_duration(CheckBody& body, Field field) {
  const FieldValue& value = body.value(field);
  std::string plain;
  auto duration = parse_duration(spelled_plainly(value, plain));
  if (duration) return *duration;
  body.fail(field_name(field), std::move(duration.error().message));
  return std::nullopt;
}

std::optional<Rate> read_rate(CheckBody& body, Field field) {
  const FieldValue& value = body.value(field);
  std::string plain;
  const std::string_view text = spelled_plainly(value, plain);
  if (value.kind != JsonKind::kString && text.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto units = read_units(body, field, 1);
    return units ? std::optional(Rate{.units = *units, .period = Duration::seconds(1)}) : std::nullopt;
  }
  auto rate = parse_rate(text);
  if (rate) return *rate;
  body.fail(field_name(field), std::move(rate.error().message));
  return std::nullopt;
}

// The limit itself checks the bounds between its parameters; `field` is the one that its error names.
std::optional<Limit> accept(CheckBody& body, Field field, Result<Limit> limit) {
  if (limit) return *limit;
  body.fail(field_name(field), limit.error().message);
  return std::nullopt;
}

std::optional<Limit> read_bucket(CheckBody& body, Algorithm algorithm) {
  const bool windowed = algorithm == Algorithm::kGcra && !body.present.has(Field::kRate);
  const Field rate_field = windowed                               ? Field::kWindow
                           : algorithm == Algorithm::kTokenBucket ? Field::kRefillRate
                                                                  : Field::kRate;
  Field capacity_field = algorithm == Algorithm::kTokenBucket   ? Field::kCapacity
                         : algorithm == Algorithm::kLeakyBucket ? Field::kQueue
                                                                : Field::kBurst;
  if (!body.present.has(capacity_field)) capacity_field = Field::kLimit;  // gcra by window: the burst is the limit
  const auto capacity = read_units(body, capacity_field, 1);
  std::optional<Rate> rate;
  if (windowed) {
    const auto units = read_units(body, Field::kLimit, 1);
    const auto period = read_duration(body, Field::kWindow);
    if (units && period) rate = Rate{.units = *units, .period = *period};
  } else {
    rate = read_rate(body, rate_field);
  }
  if (!capacity || !rate) return std::nullopt;
  const Field rate_at_fault = windowed && rate->units > kRateUnitsMax ? Field::kLimit : rate_field;
  switch (algorithm) {
    case Algorithm::kTokenBucket:
      return accept(body, rate_at_fault, Limit::token_bucket(*capacity, *rate));
    case Algorithm::kGcra:
      return accept(body, rate_at_fault, Limit::gcra(*capacity, *rate));
    default:
      return accept(body, rate_at_fault, Limit::leaky_bucket(*capacity, *rate));
  }
}

std::optional<Limit> read_calendar_window(CheckBody& body, uint64_t limit) {
  const std::string_view anchor = body.value(Field::kAnchor).text;
  const Anchor unit = anchor == "day"     ? Anchor::kDay
                      : anchor == "week"  ? Anchor::kWeek
                      : anchor == "month" ? Anchor::kMonth
                      : anchor == "year"  ? Anchor::kYear
                                          : Anchor::kEpoch;
  if (unit == Anchor::kEpoch) {
    body.fail("anchor", fmt::format(R"(expected "epoch", "first_request", "day", "week", "month" or "year", not {})",
                                    describe(body.value(Field::kAnchor))));
    return std::nullopt;
  }
  const zoneinfo::TimeZone* zone = nullptr;
  if (body.present.has(Field::kTimeZone)) {
    auto found = algorithm::find_zone(body.value(Field::kTimeZone).text);
    if (!found) {
      body.fail("time_zone", found.error().message);
      return std::nullopt;
    }
    zone = *found;
  }
  return accept(body, Field::kLimit, Limit::calendar_window(limit, unit, zone));
}

std::optional<Limit> read_window(CheckBody& body, Algorithm algorithm) {
  const auto limit = read_units(body, Field::kLimit, 1);
  if (!limit) return std::nullopt;
  if (algorithm == Algorithm::kFixedWindow && !body.present.has(Field::kWindow))
    return read_calendar_window(body, *limit);
  const auto window = read_duration(body, algorithm == Algorithm::kConcurrency ? Field::kHold : Field::kWindow);
  if (!window) return std::nullopt;
  // What is wrong is the limit, or else the time.
  const Field at_fault = *limit > capacity_max(algorithm)       ? Field::kLimit
                         : algorithm == Algorithm::kConcurrency ? Field::kHold
                                                                : Field::kWindow;
  switch (algorithm) {
    case Algorithm::kFixedWindow: {
      const bool from_first = body.present.has(Field::kAnchor) && body.value(Field::kAnchor).text == "first_request";
      return accept(
          body, at_fault,
          from_first ? Limit::fixed_window_from_first_request(*limit, *window) : Limit::fixed_window(*limit, *window));
    }
    case Algorithm::kSlidingWindowLog:
      return accept(body, at_fault, Limit::sliding_window_log(*limit, *window));
    case Algorithm::kSlidingWindowCounter:
      return accept(body, at_fault, Limit::sliding_window_counter(*limit, *window));
    default:
      return accept(body, at_fault, Limit::concurrency(*limit, *window));
  }
}

}  // namespace

std::optional<uint64_t> read_units(CheckBody& body, Field field, uint64_t at_least) {
  const FieldValue& value = body.value(field);
  uint64_t units = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [read_to, error] = std::from_chars(value.text.data(), end, units);
  if (error == std::errc() && read_to == end && units >= at_least && units <= kUnitsMax) return units;
  if (const auto number = parse_json_number(value.text)) {  // 1E3, 1000.0, -0
    const auto whole = number->whole();
    if (whole && *whole >= at_least && *whole <= kUnitsMax) return *whole;
  }
  body.fail(field_name(field), fmt::format("expected {}, not {}", expectation(field), describe(value)));
  return std::nullopt;
}

std::optional<Limit> read_limit(CheckBody& body, FieldSet other) {
  const FieldValue& name = body.value(Field::kAlgorithm);
  const auto algorithm = parse_algorithm(name.text);
  if (!algorithm) {
    body.fail("algorithm", fmt::format("expected token_bucket, gcra, leaky_bucket, fixed_window, sliding_window_log "
                                       "(or sliding_window), sliding_window_counter or concurrency, not {}",
                                       describe(name)));
    return std::nullopt;
  }
  const Parameters parameters = parameters_of(*algorithm, body);
  if (!check_parameters(body, name.text, parameters, other | FieldSet{Field::kOverdraft})) return std::nullopt;
  const bool bucket =
      *algorithm == Algorithm::kTokenBucket || *algorithm == Algorithm::kGcra || *algorithm == Algorithm::kLeakyBucket;
  const auto limit = bucket ? read_bucket(body, *algorithm) : read_window(body, *algorithm);
  const bool overdraft = body.present.has(Field::kOverdraft) && body.value(Field::kOverdraft).text == "true";
  return limit && overdraft ? accept(body, Field::kOverdraft, limit->with_overdraft()) : limit;
}

}  // namespace rateguard::http_api
