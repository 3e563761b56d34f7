#include "suggest/second_places.h"

namespace rateguard::suggest {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kDaySeconds = 86'400;

int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

SecondPlaces::Second& SecondPlaces::second_of(Instant time) {
  const int64_t second = floor_div(time.us, kSecondUs);
  const int64_t day = floor_div(second, kDaySeconds);
  if (day != latest_day_) {
    latest_day_ = day;
    latest_ = &days_[day];
    if (latest_->empty()) latest_->resize(kDaySeconds);
  }
  return (*latest_)[static_cast<size_t>(second - day * kDaySeconds)];
}

void SecondPlaces::count(Instant time) {
  has_fractions_ |= time.us % kSecondUs != 0;
  if (are_known()) ++second_of(time).requests;
}

Instant SecondPlaces::time_of(Instant time) {
  Second& second = second_of(time);
  if (second.placed >= second.requests) return time;
  return time + Duration{int64_t{second.placed++} * kSecondUs / second.requests};
}

}  // namespace rateguard::suggest
