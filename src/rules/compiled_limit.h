// A limit of a rule, with the common beginning of its counters' keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/ip_address.h"
#include "model/limit.h"

namespace rateguard::rules {

// A limit and the front of the keys of its counters: the rule's name and the algorithm, written once.
struct CompiledLimit {
  const Limit* limit = nullptr;  // null: unlimited
  std::string key_front = {};
};

// Borrows `limit`, which outlives it.
CompiledLimit compile_limit(std::string_view rule_name, const std::optional<Limit>& limit);

// An address as an identity: its 16 bytes. A view into `ip`.
std::string_view bytes_of(const IpAddress& ip);

}  // namespace rateguard::rules
