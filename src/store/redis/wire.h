// The encoding of numbers and decisions in the scripts' calls and replies (lua/charge.lua, lua/charge_each.lua).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/decision.h"
#include "store/store.h"

namespace rateguard::redis_store {

// The widths of what the scripts pack and unpack.
inline constexpr size_t kTimeBytes = 7;
inline constexpr size_t kUnitsBytes = 7;
inline constexpr size_t kDecisionBytes = 1 + kUnitsBytes + 3 * kTimeBytes;

void append_little_endian(std::string& out, uint64_t value, size_t bytes);
// Takes the bytes off the front. REQUIRES: in.size() >= bytes.
uint64_t take_little_endian(std::string_view& in, size_t bytes);

// MessagePack (its specification, "Formats"), which Redis reads fastest, and in which a small number is a small byte.
void append_number(std::string& out, uint64_t value);
void append_negative(std::string& out, uint64_t value);  // -value
// As a string of at most 2^16 - 1 bytes.
void append_text(std::string& out, std::string_view text);

// One decision in a reply, as numbers.
struct WireDecision {
  uint8_t status = 0;
  uint64_t remaining = 0;
  uint64_t retry_us = 0;
  uint64_t reset_us = 0;
  uint64_t delay_us = 0;

  // REQUIRES: in.size() >= kDecisionBytes.
  static WireDecision take(std::string_view& in);
  bool admitted() const;
  bool moved() const;  // the counter was written
  bool is_cut() const;
  // What is wrong with it as an answer to `charge`, given whether all enforced limits of its group admit; null if
  // nothing is.
  const char* fault(const Charge& charge, bool all_admit) const;
  Decision decision(const Charge& charge) const;

 private:
  bool moved_as_due(const Charge& charge, bool all_admit) const;
};

}  // namespace rateguard::redis_store
