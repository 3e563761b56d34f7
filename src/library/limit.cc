#include <rateguard/limit.h>

#include <string>

#include "algorithm/calendar.h"
#include "library/convert.h"
#include "model/quantity.h"

namespace rateguard::api {
namespace {

core::Rate core_rate(Rate rate) {
  return {.units = rate.units, .period = to_core(rate.period)};
}

Result<Limit> publish(const core::Result<core::Limit>& limit) {
  if (!limit) return from_core(limit.error());
  return LimitAccess::from_core(*limit);
}

core::Anchor core_anchor(CalendarUnit unit) {
  switch (unit) {
    case CalendarUnit::kDay:
      return core::Anchor::kDay;
    case CalendarUnit::kWeek:
      return core::Anchor::kWeek;
    case CalendarUnit::kMonth:
      return core::Anchor::kMonth;
    case CalendarUnit::kYear:
      return core::Anchor::kYear;
  }
  return core::Anchor::kEpoch;  // not a unit: refused by the core
}

}  // namespace

Result<Limit> Limit::token_bucket(uint64_t capacity, Rate refill) {
  return publish(core::Limit::token_bucket(capacity, core_rate(refill)));
}

Result<Limit> Limit::gcra(uint64_t burst, Rate rate) {
  return publish(core::Limit::gcra(burst, core_rate(rate)));
}

Result<Limit> Limit::leaky_bucket(uint64_t queue, Rate drain) {
  return publish(core::Limit::leaky_bucket(queue, core_rate(drain)));
}

Result<Limit> Limit::fixed_window(uint64_t limit, Duration period) {
  return publish(core::Limit::fixed_window(limit, to_core(period)));
}

Result<Limit> Limit::fixed_window_from_first_request(uint64_t limit, Duration period) {
  return publish(core::Limit::fixed_window_from_first_request(limit, to_core(period)));
}

Result<Limit> Limit::calendar_window(uint64_t limit, CalendarUnit unit, std::string_view zone) {
  const auto found = algorithm::find_zone(zone);
  if (!found) return from_core(found.error());
  return publish(core::Limit::calendar_window(limit, core_anchor(unit), *found));
}

Result<Limit> Limit::sliding_window_log(uint64_t limit, Duration period) {
  return publish(core::Limit::sliding_window_log(limit, to_core(period)));
}

Result<Limit> Limit::sliding_window_counter(uint64_t limit, Duration period) {
  return publish(core::Limit::sliding_window_counter(limit, to_core(period)));
}

Result<Limit> Limit::concurrency(uint64_t limit, Duration hold) {
  return publish(core::Limit::concurrency(limit, to_core(hold)));
}

Result<Limit> Limit::with_overdraft() const {
  return publish(LimitAccess::to_core(*this).with_overdraft());
}

Result<Limit> Limit::parse(std::string_view text) {
  const auto parsed = parse_limit_text(text);
  if (!parsed) return from_core(parsed.error());
  return publish(core::Limit::token_bucket(parsed->burst.value_or(parsed->rate.units), parsed->rate));
}

}  // namespace rateguard::api
