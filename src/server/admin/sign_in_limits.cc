#include "server/admin/sign_in_limits.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "model/ip_address.h"
#include "store/counter_key.h"

namespace rateguard::admin {
namespace {

// Some megabytes. When it is full the counters nearest to fresh ones are dropped.
constexpr uint64_t kKeysMax = 50'000;

// What a site has at the least (RFC 6177); so is listen.ipv6_prefix by itself.
constexpr int kPrefixV6 = 64;

struct SignInLimit {
  std::string_view name;
  uint64_t units;
  Duration period;
};
constexpr SignInLimit kByAddress = {"sign-in by address", 20, Duration::seconds(60)};
constexpr SignInLimit kByBoth = {"sign-in by address and e-mail", 5, Duration::seconds(60)};
constexpr SignInLimit kByEmail = {"sign-in by e-mail", 200, Duration::seconds(3'600)};

struct SignInCharge {
  std::string key;
  Limit limit;
};

SignInCharge charge_of(const SignInLimit& limit, std::initializer_list<std::string_view> parts) {
  SignInCharge charge = {.key = {}, .limit = Limit::sliding_window_counter(limit.units, limit.period).value()};
  CounterKey::begin_rule(charge.key, limit.name, Algorithm::kSlidingWindowCounter);
  for (const std::string_view part : parts) {
    CounterKey::append_part(charge.key, part.substr(0, kSubjectPartMax));
  }
  return charge;
}

}  // namespace

SignInLimits::SignInLimits() : store_(MemoryStore::create({.max_keys = kKeysMax}).value()) {}

std::optional<Duration> SignInLimits::try_now(std::string_view address, std::string_view email, Now now) {
  // One who has a /64 of IPv6 has as many addresses as one likes.
  const auto peer = IpAddress::parse(address);
  const std::string network = peer ? peer->masked_v6(kPrefixV6).to_string() : std::string(address);
  address = network;
  std::vector<SignInCharge> limits;
  limits.push_back(charge_of(kByAddress, {address}));
  if (!email.empty()) {
    limits.push_back(charge_of(kByBoth, {address, email}));
    limits.push_back(charge_of(kByEmail, {email}));
  }
  std::vector<Charge> charges;
  for (const SignInCharge& limit : limits) charges.push_back({.key = limit.key, .limit = &limit.limit});
  store_->charge({.charges = charges}, now);
  std::optional<Duration> wait;
  for (const Charge& charge : charges) {
    if (!charge.decision.allowed()) wait = std::max(wait.value_or(Duration{}), charge.decision.retry_after);
  }
  return wait;
}

}  // namespace rateguard::admin
