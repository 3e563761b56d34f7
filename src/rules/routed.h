// Which rules fit a request by its method, host and path alone.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/path_trie.h"

namespace rateguard::rules {

// What RuleSet::route() finds out: the first half of a match, which is the same for all requests with the same method,
// host and target, so a caller may keep it for repeated ones. Reused to save allocations; not copied, since its views
// may point into its own buffers.
class Routed {
 public:
  Routed() = default;
  Routed(const Routed&) = delete;
  Routed& operator=(const Routed&) = delete;

  // The rules that may apply, each once, in the order of the file.
  std::span<const PathHit> hits() const { return hits_; }

 private:
  friend class RuleSet;

  std::vector<PathHit> hits_;
  std::string_view host_;   // as bare_host() gives it
  std::string_view path_;   // in normal form
  std::string_view route_;  // the path as counted by rules without a template for it; empty if there are none
  std::string path_buffer_;
  std::string route_buffer_;
};

}  // namespace rateguard::rules
