// Random requests of the admin API, so that one catalog can be compared with another by its answers.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "server/admin/admin_harness_testing.h"

namespace rateguard::admin {

struct RandomRequest {
  std::string method = {};
  std::string target = {};  // "{3}" stands for the id that the fourth creation gave
  std::string body = {};    // as target
  HeaderList headers = {};
};

// Few names and ids, so that requests meet each other's records. The same seed gives the same requests.
class RandomRequests {
 public:
  explicit RandomRequests(uint64_t seed) : random_(seed) {}

  RandomRequest next();

 private:
  std::string body(const std::string& collection);
  // Of one of the latest of that collection, mostly.
  std::string some_id(std::string_view collection);
  std::string some_name();
  HeaderList some_headers(bool is_change);
  bool one_in(int n) { return below(n) == 0; }
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }

  std::mt19937_64 random_;
  std::vector<std::string> made_;  // the collections of the creations that were asked for
};

// Plays requests on one catalog. Ids differ from catalog to catalog, and so do new secrets: answers name them by the
// creation that they came from.
class RequestPlayer {
 public:
  explicit RequestPlayer(catalog::CatalogStore& catalog) : admin_(catalog) {}

  // The status, the answer's body and its ETag, without what is random. Each request comes a millisecond after the one
  // before.
  std::string play(const RandomRequest& request);

 private:
  std::string with_ids(std::string text) const;
  std::string without_ids(std::string text) const;

  AdminHarness admin_;
  std::vector<std::string> ids_;  // by creation; empty: it was refused
};

}  // namespace rateguard::admin
