#include "suggest/traffic_profile.h"

#include <algorithm>

#include "simulate/keyed_hash.h"
#include "simulate/recording.h"

namespace rateguard::suggest {
namespace {

constexpr size_t kSievePlaces = 64 * 1024;
constexpr int kPrefixV6 = 64;  // docs/identity.md: what rules count as one caller

// The same in every process (FNV-1a, and the finalizer of MurmurHash3): what it chooses is the same for the same log.
uint64_t fixed_hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

// The low bits, by which PeakTable samples, are the same in every process; the others, by which callers are told apart
// and have their slots, nobody who writes a log can foresee.
uint64_t hash_of(std::string_view text) {
  if (text.empty()) return 0;
  const uint64_t sample_bits = fixed_hash(text) & ((uint64_t{1} << PeakTable::kSampleBits) - 1);
  const uint64_t hash = simulate::keyed_hash(text).low << PeakTable::kSampleBits | sample_bits;
  return hash == 0 ? uint64_t{1} << 63 : hash;
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
  const MethodKind kind = method_kind(entry.method);
  route_of(kind, entry.path, pattern_);
  if (pattern_.empty()) return;
  RouteProfile* route = find_or_admit(kind, kind == MethodKind::kWrite ? entry.method : std::string_view());
  if (route == nullptr) return;
  // "/blog" was measured together with the paths below it, as the rule "/blog/*" counts them.
  if (route->pattern.size() < pattern_.size()) route->pattern = pattern_;
  ++route->requests;
  route->static_files += is_static_file(entry.path);
  if (caller != 0) route->callers.add(caller, time_s);
}

RouteProfile* RouteTable::find_or_admit(MethodKind kind, std::string_view method) {
  key_.assign(method);
  key_ += ' ';
  key_ += pattern_;
  if (kind == MethodKind::kRead && key_.ends_with("/*")) key_.resize(key_.size() - 2);
  if (last_ != nullptr && key_ == last_key_) return last_;
  auto found = routes_.find(key_);
  if (found == routes_.end()) {
    uint32_t& place = sieve_[fixed_hash(key_) % kSievePlaces];
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
                .emplace(key_, new RouteProfile{.kind = kind,
                                                .pattern = pattern_,
                                                .method = std::string(method),
                                                .missed_max = before,
                                                .login_like = kind == MethodKind::kWrite && is_login_like(pattern_),
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
  const bool write = method_kind(entry.method) == MethodKind::kWrite;
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
