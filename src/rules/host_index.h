// The hosts of all rules, each a number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/ascii.h"
#include "rules/flat_index.h"
#include "rules/host_pattern.h"

namespace rateguard::rules {

// Filled once, then read by any number of threads. A search takes one look-up for each label of the host, however many
// patterns there are.
class HostIndex {
 public:
  // The pattern's number; a new one, counting from 0, if it was not added before.
  uint32_t add(const HostPattern& pattern);
  std::optional<uint32_t> number_of(const HostPattern& pattern) const;
  size_t size() const { return names_.size(); }

  // Calls `visit` with the number of each pattern that matches, the most specific first. `host` as bare_host() gives
  // it, in any case and of any length.
  template <typename Visit>
  void find(std::string_view host, Visit&& visit) const;

 private:
  enum Scope : uint32_t { kWhole, kSubdomains };
  static Scope scope_of(const HostPattern& pattern) { return pattern.subdomains ? kSubdomains : kWhole; }

  FlatIndex names_;
  bool has_subdomains_ = false;
};

template <typename Visit>
void HostIndex::find(std::string_view host, Visit&& visit) const {
  // No pattern is longer, so only the end of a longer host can match one.
  std::array<char, kHostMax> lower;
  const bool is_whole = host.size() <= lower.size();
  if (!is_whole) host.remove_prefix(host.size() - lower.size());
  for (size_t i = 0; i < host.size(); ++i) lower[i] = ascii_lower(host[i]);
  const std::string_view name(lower.data(), host.size());
  if (is_whole) {
    if (const auto number = names_.find(kWhole, name)) visit(*number);
  }
  if (!has_subdomains_) return;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (dot == 0 && is_whole) continue;  // there is nothing before the dot that could be a subdomain
    if (const auto number = names_.find(kSubdomains, name.substr(dot))) visit(*number);
  }
}

}  // namespace rateguard::rules
