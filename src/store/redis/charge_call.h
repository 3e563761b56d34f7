// A request's limits as a call of the charge script, and the script's reply as decisions. No I/O: the owner of the
// connection sends EVALSHA <script.sha()> <number of keys> <keys> <arguments>, and only on an explicit NOSCRIPT the
// same as EVAL <script.source()>.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/instant.h"
#include "store/redis/key_layout.h"
#include "store/redis/script.h"
#include "store/store.h"

namespace rateguard::redis_store {

// The keys and arguments of one script call. Reused for the next, it allocates nothing once it has grown.
class ScriptCall {
 public:
  const Script& script() const { return *script_; }
  size_t keys() const { return keys_; }
  size_t arguments() const { return ends_.size() - keys_; }
  // Valid until the call is encoded again.
  std::string_view key(size_t i) const { return part(i); }
  std::string_view argument(size_t i) const { return part(keys_ + i); }

  // For the encoders: starts a new call, then parts are appended to bytes() and closed one by one, all keys first.
  void begin(const Script& script);
  std::string& bytes() { return bytes_; }
  void end_key();
  void end_argument() { ends_.push_back(bytes_.size()); }

 private:
  std::string_view part(size_t i) const;

  const Script* script_ = nullptr;
  std::string bytes_;
  std::vector<size_t> ends_;
  size_t keys_ = 0;
};

// How to make a call.
struct CallOptions {
  HashTag tag = {};
  // Absent: Redis's own clock decides. Given (tests, replays), keys still expire by Redis's clock: counters made at a
  // given time that is not ahead of it expire immediately.
  std::optional<Instant> now = {};
  // Where Redis's clock is believed to be: calendar windows around it are sent along. Several instants if the first was
  // wrong (outside_calendar). Borrowed for the call.
  std::span<const Instant> expected = {};
  // Becomes the name of every hold the call takes: random bits, of this call alone.
  uint64_t hold_number = 0;
};

// Errors: kInvalid for a group without limits, which needs no call; the keys are not examined. REQUIRES: as
// Store::charge; options.now and options.expected within [0, Instant::max() / 2]; at least one expected instant if a
// limit is a calendar window.
Result<void> encode_charge(const ChargeGroup& group, const CallOptions& options, const KeyLayout& layout,
                           ScriptCall& out);

// What the script answered, besides the decisions.
struct ChargeReply {
  Instant now;              // the time that decided
  bool is_charged = false;  // whether any counter was written
};

// Fills in the decisions of `group`, which was given to encode_charge with `options` and `layout`. Strict: kCorrupt for
// a reply that the script cannot have given to that call; no decision is then touched.
Result<ChargeReply> decode_charge(std::string_view reply, const ChargeGroup& group, const CallOptions& options,
                                  const KeyLayout& layout);

// If Redis's clock, or a counter's last charge, is outside the calendar windows that were sent, the script answers with
// an error and has written nothing. This reads the instant out of the error's text, to be added to `expected` for
// another call; none for every other error.
std::optional<Instant> outside_calendar(std::string_view error);

// Releases a hold. The script answers the integer 1, or 0 if the hold was never given, is already released, or has
// expired. `now` as CallOptions::now.
void encode_release(const HoldId& hold, std::optional<Instant> now, const KeyLayout& layout, ScriptCall& out);

}  // namespace rateguard::redis_store
