#include "suggest/traffic_profile.h"

#include <algorithm>

#include "simulate/keyed_hash.h"
#include "simulate/recording.h"

namespace rateguard::suggest {
namespace {

constexpr size_t kSievePlaces = 64 * 1024;
constexpr int kPrefixV6 = 64;  // docs/identity.md: what rules count as one caller

uint64_t hash_of(std::string_view text) {
  return text.empty() ? 0 : std::max<uint64_t>(simulate::keyed_hash(text).low, 1);
}

}  // namespace

CallerHashes CallerHashes::of(const simulate::LogEntry& entry) {
  CallerHashes out{.user = hash_of(entry.user), .api_key = hash_of(entry.api_key)};
  if (const auto address = simulate::parse_client(entry.client)) {
    const IpAddress masked = address->masked_v6(kPrefixV6);
    out.address = hash_of({reinterpret_cast<const char*>(masked.bytes.data()), masked.bytes.size()});
  }
  return out;
}

RouteTable::RouteTable() : sieve_(kSievePlaces) {}

void RouteTable::add(const simulate::LogEntry& entry, uint64_t caller, int64_t time_s) {
  const Access access = access_of(entry.method);
  route_of(access, entry.path, pattern_);
  if (pattern_.empty()) return;
  RouteProfile* route = find_or_admit(access, access == Access::kWrite ? entry.method : std::string_view());
  if (route == nullptr) return;
  // "/blog" was measured together with the paths below it, as the rule "/blog/*" counts them.
  if (route->pattern.size() < pattern_.size()) route->pattern = pattern_;
  ++route->requests;
  route->static_files += is_static_file(entry.path);
  if (caller != 0) route->callers.add(caller, time_s);
}

RouteProfile* RouteTable::find_or_admit(Access access, std::string_view method) {
  key_.assign(method);
  key_ += ' ';
  key_ += pattern_;
  if (access == Access::kRead && key_.ends_with("/*")) key_.resize(key_.size() - 2);
  if (last_ != nullptr && key_ == last_key_) return last_;
  auto found = routes_.find(key_);
  if (found == routes_.end()) {
    uint32_t& place = sieve_[simulate::keyed_hash(key_).low % kSievePlaces];
    const uint64_t before = place++;
    if (routes_.size() == kRoutesMax) {
      if (before < least_) return nullptr;
      const auto busy = [](const auto& entry) { return entry.second->requests + entry.second->missed_max; };
      const auto least = std::ranges::min_element(routes_, {}, busy);
      least_ = busy(*least);
      if (before < least_) return nullptr;
      routes_.erase(least);
    }
    found = routes_
                .emplace(key_, new RouteProfile{.access = access,
                                                .pattern = pattern_,
                                                .method = std::string(method),
                                                .missed_max = before,
                                                .login_like = access == Access::kWrite && is_login_like(pattern_),
                                                .callers = PeakTable(kCallersMax)})
                .first;
  }
  last_ = found->second.get();
  last_key_ = key_;
  return last_;
}

std::vector<const RouteProfile*> RouteTable::ranked() const {
  std::vector<const RouteProfile*> out;
  for (const auto& [key, route] : routes_) out.push_back(route.get());
  std::ranges::stable_sort(out, std::ranges::greater(), &RouteProfile::requests);
  return out;
}

TrafficProfile::TrafficProfile()
    : addresses_(kCallersMax), writers_(kCallersMax / 4), users_(kCallersMax / 4), api_keys_(kCallersMax / 4) {}

void TrafficProfile::add(const simulate::LogEntry& entry, const CallerHashes& callers) {
  const int64_t time_s = entry.time.us / 1'000'000;
  ++requests_;
  first_ = std::min(first_.value_or(entry.time), entry.time);
  last_ = std::max(last_.value_or(entry.time), entry.time);
  const bool write = access_of(entry.method) == Access::kWrite;
  writes_ += write;
  if (callers.address != 0) {
    ++with_address_;
    addresses_.add(callers.address, time_s);
    if (write) writers_.add(callers.address, time_s);
  }
  if (callers.user != 0) {
    ++with_user_;
    users_.add(callers.user, time_s);
  }
  if (callers.api_key != 0) {
    ++with_api_key_;
    api_keys_.add(callers.api_key, time_s);
  }
  routes_.add(entry, callers.address, time_s);
}

}  // namespace rateguard::suggest
