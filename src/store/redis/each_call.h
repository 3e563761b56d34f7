// Many checks of one limit each as one call of charge_each_script(), and its reply as decisions. No I/O.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "model/instant.h"
#include "store/redis/charge_call.h"
#include "store/redis/key_layout.h"
#include "store/store.h"

namespace rateguard::redis_store {

// Whether a check may be part of such a call: its counter has a state of fixed size and no calendar, and its movement
// is kTake.
bool fits_each_call(const Charge& check);

// The checks of one counter, in order: all with the same key and the same limit. REQUIRES: at least one.
struct AskedCounter {
  std::span<Charge* const> checks;
};

// `options.tag` and `options.now` as for encode_charge. REQUIRES: every check fits; keys of different entries differ.
void encode_each(std::span<const AskedCounter> asked, const CallOptions& options, const KeyLayout& layout,
                 ScriptCall& out);

// Fills in the decisions, and returns the time that decided. Strict: kCorrupt for a reply that the script cannot have
// given to that call; no decision is then touched.
Result<Instant> decode_each(std::string_view reply, std::span<const AskedCounter> asked, const CallOptions& options);

}  // namespace rateguard::redis_store
