#include "store/redis/redis_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/redis/script.h"

namespace rateguard::redis_store {
namespace {

// Counters in one call: it blocks Redis for about 300 us, and more would gain little.
constexpr size_t kCountersPerCall = 64;
// The same while nothing is under way: Redis begins with these, and by the time it has woken up and finished, the rest
// of the turn has arrived. Otherwise it would idle while we work, and we while it does.
constexpr size_t kCountersPerFirstCall = 16;
// Checks in one call: of one counter, each takes a microsecond or two.
constexpr size_t kChecksPerCall = 128;
// The most objects kept for reuse.
constexpr size_t kKeptMax = 64;

}  // namespace

struct RedisStore::Asking {
  size_t missing = 0;  // answers
  Done done;
};

// Counters in the order in which they were first asked for, each with its checks.
struct RedisStore::Batch {
  struct Counter {
    std::vector<Charge*> checks;
    std::vector<Asking*> askings;  // by check
  };
  // A power of two, at least twice the counters of a call, so that a search ends soon.
  static constexpr size_t kIndexPlaces = 128;

  HashTag tag;
  Instant asked_at;
  size_t counters = 0;
  size_t checks = 0;
  std::vector<Counter> all;                      // the first `counters` of them are in use
  std::array<uint8_t, kIndexPlaces> index = {};  // by hash: 1 + the index in `all`; 0 if none

  bool is_full(size_t counters_max) const { return counters >= counters_max || checks == kChecksPerCall; }

  // Null if the counter is already in the call, with another limit.
  Counter* counter_for(const Charge& charge) {
    size_t at = std::hash<std::string_view>{}(charge.key) % kIndexPlaces;
    for (; index[at] != 0; at = (at + 1) % kIndexPlaces) {
      Counter& known = all[index[at] - 1];
      const Charge& first = *known.checks.front();
      if (first.key == charge.key) return *first.limit == *charge.limit ? &known : nullptr;
    }
    if (counters == all.size()) all.emplace_back();
    index[at] = static_cast<uint8_t>(counters + 1);
    return &all[counters++];
  }

  void clear() {
    for (size_t i = 0; i < counters; ++i) {
      all[i].checks.clear();
      all[i].askings.clear();
    }
    counters = checks = 0;
    index.fill(0);
  }
};

struct RedisStore::Several {
  ChargeGroup group;
  Asking* asking = nullptr;
  Instant asked_at;
  uint64_t hold_number = 0;
  HashTag tag;
  std::vector<Instant> expected = {};  // for calendar windows
};

RedisStore::RedisStore(redis::RedisClient& client, RedisStoreOptions options)
    : client_(client), options_(std::move(options)), self_(std::make_shared<RedisStore*>(this)) {}

RedisStore::~RedisStore() {
  *self_ = nullptr;
}

// There are 2^16 - 1 tags; 0 means none.
HashTag RedisStore::tag_of(std::string_view key, KeyOffset hash_tag_from) const {
  if (options_.topology == Topology::kOnePrimary) return {};
  if (hash_tag_from == kOneHashTag) return {1};
  // FNV-1a (Fowler, Noll, Vo): the same on every instance and in every version.
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : key.substr(std::min<size_t>(hash_tag_from, key.size()))) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  }
  return {static_cast<uint16_t>(1 + (hash ^ hash >> 32) % UINT16_MAX)};
}

void RedisStore::charge(std::span<ChargeGroup> groups, Now now, Done done) {
  if (idle_askings_.empty()) idle_askings_.push_back(askings_.emplace_back(std::make_unique<Asking>()).get());
  Asking* const asking = idle_askings_.back();
  idle_askings_.pop_back();
  asking->missing = 1;
  asking->done = std::move(done);
  for (const ChargeGroup& group : groups) {
    if (group.charges.empty()) continue;
    figures_.checks.add(group.charges.size());
    for (Charge& charge : group.charges) {
      charge.basis = Basis::kCounter;
      if (charge.cost.movement != Movement::kTake) refusals_.forget(charge.key);
    }
    Charge& first = group.charges.front();
    if (group.charges.size() == 1 && refusals_.recall(first, now)) {
      figures_.remembered.add();
      continue;
    }
    ++asking->missing;
    if (group.charges.size() == 1 && fits_each_call(first)) {
      add_to_turn(first, asking, now);
    } else {
      ask_alone(group, asking, now);
    }
  }
  finish(asking);
}

void RedisStore::finish(Asking* asking) {
  if (--asking->missing != 0) return;
  Done done = std::move(asking->done);
  idle_askings_.push_back(asking);
  done();
}

void RedisStore::add_to_turn(Charge& charge, Asking* asking, Instant now) {
  const HashTag tag = tag_of(charge.key, charge.terms.hash_tag_from);
  Batch* batch = &batch_for(tag);
  const bool is_of_another_time = options_.times_are_callers && batch->checks != 0 && batch->asked_at != now;
  Batch::Counter* counter = is_of_another_time ? nullptr : batch->counter_for(charge);
  while (counter == nullptr) {  // after earlier checks of the counter
    send_turn();
    batch = &batch_for(tag);
    counter = batch->counter_for(charge);
  }
  if (batch->checks++ == 0) batch->asked_at = now;
  counter->checks.push_back(&charge);
  counter->askings.push_back(asking);
  if (batch->is_full(calls_under_way_ == 0 ? kCountersPerFirstCall : kCountersPerCall)) return send_turn();
  if (std::exchange(turn_ends_, true)) return;
  options_.at_turn_end([self = self_] {
    if (*self == nullptr) return;
    (*self)->turn_ends_ = false;
    (*self)->send_turn();
  });
}

RedisStore::Batch& RedisStore::batch_for(HashTag tag) {
  Batch*& known = by_tag_[tag.number];
  if (known != nullptr) return *known;
  if (batches_.empty()) {
    turn_.push_back(std::make_unique<Batch>());
  } else {
    turn_.push_back(std::move(batches_.back()));
    batches_.pop_back();
  }
  known = turn_.back().get();
  known->tag = tag;
  return *known;
}

void RedisStore::send_turn() {
  by_tag_.clear();
  // A callback that is called immediately may ask again.
  for (std::unique_ptr<Batch>& batch : std::exchange(turn_, {})) {
    if (batch->checks != 0) send(std::move(batch));
  }
}

void RedisStore::send(std::unique_ptr<Batch> batch) {
  const bool is_one = batch->checks == 1;
  CallOptions options{.tag = batch->tag};
  if (options_.times_are_callers) options.now = batch->asked_at;
  if (is_one) {  // the script of its algorithm alone is shorter
    const ChargeGroup group{{batch->all.front().checks.front(), 1}};
    RG_CHECK(encode_charge(group, options, options_.layout, call_).has_value());
  } else {
    asked_.clear();
    for (size_t i = 0; i < batch->counters; ++i) asked_.push_back({batch->all[i].checks});
    encode_each(asked_, options, options_.layout, call_);
  }
  const Instant asked_at = batch->asked_at;
  eval(call_, asked_at, [this, batch = std::move(batch)](redis::CommandResult answer) mutable {
    --calls_under_way_;
    take_answer(*batch, answer);
    batch->clear();
    if (batches_.size() < kKeptMax) batches_.push_back(std::move(batch));
  });
}

void RedisStore::take_answer(Batch& batch, const redis::CommandResult& answer) {
  bool decided = is_good(answer);
  if (decided) {
    CallOptions options{.tag = batch.tag};
    if (options_.times_are_callers) options.now = batch.asked_at;
    const std::string& reply = (*answer)->text;
    if (batch.checks == 1) {
      decided =
          record_fault_of(decode_charge(reply, {{batch.all.front().checks.front(), 1}}, options, options_.layout));
    } else {
      asked_.clear();
      for (size_t i = 0; i < batch.counters; ++i) asked_.push_back({batch.all[i].checks});
      decided = record_fault_of(decode_each(reply, asked_, options));
    }
  }
  const Instant answered_at = options_.now();
  for (size_t i = 0; i < batch.counters; ++i) {
    Batch::Counter& counter = batch.all[i];
    for (size_t check = 0; check < counter.checks.size(); ++check) {
      Charge& charge = *counter.checks[check];
      if (!decided) charge.basis = Basis::kUnavailable;
      refusals_.learn(charge, batch.asked_at, answered_at);
      finish(counter.askings[check]);
    }
  }
}

void RedisStore::ask_alone(ChargeGroup group, Asking* asking, Now now) {
  const Charge& first = group.charges.front();
  auto several = std::make_unique<Several>(Several{.group = group,
                                                   .asking = asking,
                                                   .asked_at = now,
                                                   .hold_number = options_.random(),
                                                   .tag = tag_of(first.key, first.terms.hash_tag_from),
                                                   .expected = {now.wall()}});
  send_turn();  // earlier checks are sent first
  send_alone(std::move(several));
}

void RedisStore::send_alone(std::unique_ptr<Several> several) {
  const CallOptions options = options_of(*several);
  RG_CHECK(encode_charge(several->group, options, options_.layout, call_).has_value());
  const Instant asked_at = several->asked_at;
  eval(call_, asked_at, [this, several = std::move(several)](redis::CommandResult answer) mutable {
    --calls_under_way_;
    // Redis's clock or a counter is outside the calendar windows that were sent; nothing was done.
    if (answer && (*answer)->is_error()) {
      const auto outside = outside_calendar((*answer)->text);
      if (outside && several->expected.size() <= several->group.charges.size() + 1) {
        several->expected.push_back(*outside);
        return send_alone(std::move(several));
      }
    }
    const bool decided = is_good(answer) && record_fault_of(decode_charge((*answer)->text, several->group,
                                                                          options_of(*several), options_.layout));
    if (!decided) set_unavailable({&several->group, 1});
    for (const Charge& charge : several->group.charges) refusals_.learn(charge, several->asked_at, options_.now());
    finish(several->asking);
  });
}

CallOptions RedisStore::options_of(const Several& several) const {
  CallOptions options{.tag = several.tag, .expected = several.expected, .hold_number = several.hold_number};
  if (options_.times_are_callers) options.now = several.asked_at;
  return options;
}

void RedisStore::eval(const ScriptCall& call, Instant asked_at, redis::ResultHandler done) {
  keys_.clear();
  arguments_.clear();
  for (size_t i = 0; i < call.keys(); ++i) keys_.push_back(call.key(i));
  for (size_t i = 0; i < call.arguments(); ++i) arguments_.push_back(call.argument(i));
  figures_.calls.add();
  ++calls_under_way_;
  client_.eval(call.script(), keys_, arguments_, patience_since(asked_at), std::move(done));
}

// What is left of the deadline: all of it if the times are the caller's.
Duration RedisStore::patience_since(Instant asked_at) const {
  if (options_.times_are_callers) return options_.deadline;
  return std::max(Duration::micros(1), asked_at + options_.deadline - options_.now());
}

bool RedisStore::is_good(const redis::CommandResult& answer) {
  if (!answer) {
    note_problem(answer.error().message);
  } else if ((*answer)->is_error()) {
    figures_.errors[redis::known_error((*answer)->text)].add();
    note_problem("Redis answers: " + redis::explain_error((*answer)->text));
  } else if ((*answer)->kind != redis::ReplyKind::kString) {
    note_problem("Redis answers a script with something else than its text");
  } else {
    return true;
  }
  return false;
}

void RedisStore::note_problem(std::string problem) {
  figures_.failures.add();
  problem_ = last_problem_ = std::move(problem);
}

template <typename T>
bool RedisStore::record_fault_of(const Result<T>& decoded) {
  if (decoded) {
    problem_.clear();
    return true;
  }
  note_problem(decoded.error().message);
  return false;
}

// A concurrency counter has a different name; its key does not say whether it is one.
void RedisStore::reset(std::string_view key, const Terms& terms, Instant,
                       std::move_only_function<void(ResetResult)> done) {
  refusals_.forget(key);
  const HashTag tag = tag_of(key, terms.hash_tag_from);
  std::string plain;
  std::string holds;
  options_.layout.append_counter(plain, key, Algorithm::kTokenBucket, tag);
  options_.layout.append_counter(holds, key, Algorithm::kConcurrency, tag);
  send_turn();
  const std::array<std::string_view, 3> words = {"DEL", plain, holds};
  client_.call(plain, words, options_.deadline,
               [this, name = std::string(key), done = std::move(done)](redis::CommandResult answer) mutable {
                 // Refusals that arrived while this was under way.
                 refusals_.forget(name);
                 if (options_.on_reset) options_.on_reset(name);
                 if (!answer || (*answer)->kind != redis::ReplyKind::kInteger) {
                   is_good(answer);
                   return done(ResetResult::kUnavailable);
                 }
                 done((*answer)->integer != 0 ? ResetResult::kForgotten : ResetResult::kNotThere);
               });
}

void RedisStore::release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) {
  encode_release(hold, options_.times_are_callers ? std::optional(now) : std::nullopt, options_.layout, call_);
  eval(call_, now, [this, done = std::move(done)](redis::CommandResult answer) mutable {
    --calls_under_way_;
    if (!answer || (*answer)->kind != redis::ReplyKind::kInteger) {
      is_good(answer);
      return done(ReleaseResult::kUnavailable);
    }
    done((*answer)->integer != 0 ? ReleaseResult::kReleased : ReleaseResult::kUnknown);
  });
}

void RedisStore::probe(std::move_only_function<void(bool works)> done) {
  call_.begin(probe_script());
  options_.layout.append_probe(call_.bytes(), static_cast<uint16_t>(options_.random()));
  call_.end_key();
  eval(call_, options_.now(), [this, done = std::move(done)](redis::CommandResult answer) mutable {
    --calls_under_way_;
    const bool works = answer && (*answer)->kind == redis::ReplyKind::kInteger;
    if (works) {
      problem_.clear();
    } else {
      is_good(answer);
    }
    done(works);
  });
}

}  // namespace rateguard::redis_store
