// The result of one pass over the logs: each caller's peaks, in total and by route.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/instant.h"
#include "simulate/logs/log_entry.h"
#include "suggest/peak_table.h"
#include "suggest/route_name.h"

namespace rateguard::suggest {

// How a caller is identified: by the address (IPv6 masked to /64, as rules do), the user or the API key.
enum class CallerKind : uint8_t { kAddress, kUser, kApiKey };

// The callers of one request, as hashes; 0 if the log does not say.
struct CallerHashes {
  uint64_t address = 0;
  uint64_t user = 0;
  uint64_t api_key = 0;

  static CallerHashes of(const simulate::LogEntry& entry);
};

// A route that is followed.
struct RouteProfile {
  MethodKind kind = MethodKind::kRead;
  std::string pattern;    // "/blog/*", which includes "/blog"; "/about" if nothing below it was requested
  std::string method;     // of a write: "POST"
  uint64_t requests = 0;  // while it was followed
  // The most requests that came before that: the count of the routes that shared its place in the sieve.
  uint64_t missed_max = 0;
  uint64_t static_files = 0;  // of `requests`
  bool login_like = false;
  PeakTable callers;
};

// The busiest routes. A route that is not followed is counted in a sieve, in a place that it may share with others, and
// replaces the least busy followed one once it may be busier.
class RouteTable {
 public:
  static constexpr size_t kRoutesMax = 128;
  static constexpr size_t kCallersMax = 8192;  // of each route

  RouteTable();
  void add(const simulate::LogEntry& entry, uint64_t caller, int64_t time_s);
  // By requests, the busiest first.
  std::vector<const RouteProfile*> ranked() const;

 private:
  RouteProfile* find_or_admit(MethodKind kind, std::string_view method);

  std::vector<uint32_t> sieve_;
  std::map<std::string, std::unique_ptr<RouteProfile>, std::less<>> routes_;  // by method and pattern
  uint64_t least_ = 0;  // requests of the least busy one, as of the last change
  std::string pattern_;
  std::string key_;
  RouteProfile* last_ = nullptr;
  std::string last_key_;
};

// Memory: at most about 200 MB for any input. Not thread-safe.
class TrafficProfile {
 public:
  static constexpr size_t kCallersMax = 512 * 1024;

  TrafficProfile();
  void add(const simulate::LogEntry& entry) { add(entry, CallerHashes::of(entry)); }
  void add(const simulate::LogEntry& entry, const CallerHashes& callers);

  uint64_t requests() const { return requests_; }
  uint64_t writes() const { return writes_; }
  uint64_t with_address() const { return with_address_; }
  uint64_t with_user() const { return with_user_; }
  uint64_t with_api_key() const { return with_api_key_; }
  std::optional<Instant> first() const { return first_; }
  std::optional<Instant> last() const { return last_; }
  const PeakTable& addresses() const { return addresses_; }
  const PeakTable& writers() const { return writers_; }  // by address
  const PeakTable& users() const { return users_; }
  const PeakTable& api_keys() const { return api_keys_; }
  const RouteTable& routes() const { return routes_; }

 private:
  uint64_t requests_ = 0;
  uint64_t writes_ = 0;
  uint64_t with_address_ = 0;
  uint64_t with_user_ = 0;
  uint64_t with_api_key_ = 0;
  std::optional<Instant> first_;
  std::optional<Instant> last_;
  PeakTable addresses_;
  PeakTable writers_;
  PeakTable users_;
  PeakTable api_keys_;
  RouteTable routes_;
};

}  // namespace rateguard::suggest
