// Exact rate limits in this process: the decisions of the rateguard service without the service.
//
//   namespace rg = rateguard::api;
//   rg::Limiter limiter = rg::Limiter::create().value();
//   const rg::Limit per_user = rg::Limit::token_bucket(10, rg::per_second(1)).value();
//
//   const rg::Decision decision = limiter.check("user:123", per_user).value();
//   if (!decision.allowed) return too_many_requests(decision.retry_after);
//
// Counters live in this process's memory; several processes count apart. Every member may be called from any thread at
// any time. Nothing runs in the background: no thread, no timer, no signal handler.
//
// The names live in rateguard::api, apart from the core's own, so that a program that is built from both never has two
// types of one name. C++20 is enough.
#pragma once

#include <rateguard/limit.h>
#include <rateguard/result.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::api {

// Names one hold of a concurrency limit, to be given back with Limiter::release().
struct Hold {
  std::array<uint8_t, 20> bytes = {};

  // Whether this names a hold at all.
  bool is_set() const { return *this != Hold{}; }
  // Holds compare by their bytes.
  bool operator==(const Hold&) const = default;
};

// The answer of one limit. A refusal is a value like any other, never an error.
struct Decision {
  bool allowed = true;
  uint64_t limit = 0;      // the capacity or limit; 0 where no limit applies
  uint64_t remaining = 0;  // what a request at the same instant could still take
  // Zero when admitted. Refused: after exactly this long the same request is admitted, were nobody else to come; kNever
  // when its cost is above the limit.
  Duration retry_after = {};
  Duration reset_after = {};  // until the counter equals one never used, were nobody to come
  Duration delay = {};        // leaky bucket, admitted: the wait for its turn
  Hold hold = {};             // concurrency, admitted: what to release; otherwise not set
};

// A charge whose cost was an estimate, until it is settled: see Limiter::charge(). A value; nothing else remembers it.
class Charge {
 public:
  // Whether anything was taken that can be settled.
  bool is_set() const { return !counter_.empty(); }

 private:
  friend struct ChargeAccess;  // between this and the core's own type

  std::string counter_ = {};
  std::optional<Limit> limit_ = {};
  std::array<char, 16> id_ = {};
  uint64_t units_ = 0;
  int64_t charged_at_us_ = 0;
  int64_t gives_until_us_ = 0;
  Hold hold_ = {};
};

// What charge() answers.
struct Charged {
  Decision decision = {};
  Charge charge = {};  // to be settled; not set where the estimate was refused
};

// What became of a settlement.
enum class Settled : uint8_t {
  kNow,      // the counter is corrected
  kBefore,   // it was settled before, or its hold is over: nothing was changed
  kTooLate,  // more than an hour has passed: what was charged stays charged
  kNoRoom,   // the store is full and refuses new keys (WhenFull): nothing was changed
};

// What settle() answers.
struct Settlement {
  Settled settled = Settled::kNow;
  Decision decision = {};  // what the limit has left, where it was asked; always allowed
};

// A limit that was asked together with others, and the decision it would have given alone.
struct NamedDecision {
  std::string name = {};  // the rule's name, or the key of check_all()
  bool shadow = false;    // evaluated and charged on its own; never changes the answer
  Decision decision = {};
};

// The answer of all the limits of one request: either all are charged, or, if one refuses, none.
struct Answer {
  bool allowed = true;
  // The limit that decides and its decision: refused, the one with the longest wait; admitted, the one with the least
  // left in proportion. An empty name: no limit applies.
  std::string name = {};
  Decision decision = {};
  // What the request lacks that the rule `name` counts by ("api_key"), where that is why it was refused; otherwise
  // empty.
  std::string missing = {};
  std::vector<NamedDecision> limits = {};
};

// One limit of check_all().
struct Ask {
  std::string_view key = {};
  Limit limit;
  int64_t cost = 1;
};

// One header field of a request; names compare without case.
struct Header {
  std::string_view name = {};
  std::string_view value = {};
};

// What is known about a request that is to meet the rules. Everything is borrowed for the call; what is empty is
// unknown.
struct Request {
  std::string_view method = {};  // "GET"
  std::string_view path = {};    // with or without a query, percent-encoded as it came
  std::string_view host = {};
  std::string_view ip = {};  // whoever is at the other end of the connection; trusted proxies are the rules file's
  std::span<const Header> headers = {};
  // Given by a caller who knows; they win over what headers say.
  std::string_view user = {};
  std::string_view api_key = {};
  std::string_view workspace = {};
  std::string_view plan = {};
  int64_t cost = 1;  // 0 looks and takes nothing; a negative one gives back
};

// What else to say when asking a rule by its name.
struct RuleOptions {
  std::string_view plan = {};  // picks from the rule's `by_plan`
  int64_t cost = 1;            // 0 looks and takes nothing; a negative one gives back
};

// What to do with a new key when the store is full of live ones.
enum class WhenFull : uint8_t { kEvict, kRefuse };

// How a Limiter is made. The defaults are those of the service.
struct Options {
  uint64_t max_keys = 1'000'000;  // counters at once, of all limits together
  WhenFull when_full = WhenFull::kEvict;
  // Rules, as the text of a rules file or as the path of one; at most one of them. Without: only limits that come with
  // the call. Of the file, `rules` and what concerns identity are used; `listen`, `stores` and `log` are checked only.
  std::string rules_yaml = {};
  std::string rules_file = {};
  // Counters to begin with: a file that save_snapshot() wrote. One that does not exist is no error: the first start.
  std::string snapshot = {};
};

// Figures about the counters.
struct Stats {
  uint64_t keys = 0;
  uint64_t keys_max = 0;
  uint64_t expired = 0;       // dropped because they equalled a key never used
  uint64_t evicted = 0;       // dropped alive, because the store was full
  uint64_t refused_full = 0;  // refused because no room could be made
  uint64_t memory_bytes = 0;
};

// The limiter. Movable; a moved-from one may only be destroyed or assigned to.
//
// A counter is named by its key (1 to 1,024 bytes of anything) and its algorithm, never by the limit's figures: a limit
// that changes keeps what was used. Use keys that say what they are for ("login:203.0.113.9").
//
// Every decision has two forms. The first takes the time from a clock that never goes back; the one with `now` is for
// tests and replays, where time is whatever the caller says. Mixing them on one counter is allowed; an instant before
// the counter's own counts as the counter's own.
class Limiter {
 public:
  // Errors: what the rules file breaks, with its line and column; kIo; kCorrupt for a snapshot that fails its own
  // checks.
  static Result<Limiter> create(Options options = {});

  Limiter(Limiter&&) noexcept;
  Limiter& operator=(Limiter&&) noexcept;
  ~Limiter();

  // Takes `cost` from the limit of `key` if it fits. A negative cost gives back: at most what is used, into no window
  // that has ended, and always admitted. Errors: kInvalid for a key, a cost (beyond kUnitsMax either way) or a time out
  // of bounds, and for a negative cost of a concurrency limit, whose holds are given back by release().
  Result<Decision> check(std::string_view key, const Limit& limit, int64_t cost = 1);
  Result<Decision> check(std::string_view key, const Limit& limit, int64_t cost, TimePoint now);

  // Looks and takes nothing: `remaining` and `reset_after` as they are; `allowed` is true, as for any cost of 0.
  Result<Decision> peek(std::string_view key, const Limit& limit);
  Result<Decision> peek(std::string_view key, const Limit& limit, TimePoint now);

  // As check(), for use whose cost is an estimate: `charge` is then settled once it is known what was really used.
  Result<Charged> charge(std::string_view key, const Limit& limit, uint64_t estimate);
  Result<Charged> charge(std::string_view key, const Limit& limit, uint64_t estimate, TimePoint now);

  // Corrects a charge to what was really used. Less gives back the difference, never above the limit and never into a
  // window that has ended; more takes it whatever is left, below zero if it must: the next check waits the longer. It
  // is never refused, and happens once, within an hour of the charge, from whatever thread or process that shares the
  // counters' snapshot. A concurrency limit's hold is released, whatever was used. A charge that nobody settles, since
  // the process ended for example, keeps its estimate. A full store that makes room (WhenFull::kEvict) may forget what
  // was settled, and settle it again. Errors: kInvalid for more than kUnitsMax, a charge that is not
  // set, or a time out of bounds.
  Result<Settlement> settle(const Charge& charge, uint64_t actual);
  Result<Settlement> settle(const Charge& charge, uint64_t actual, TimePoint now);

  // Several limits at once, all or nothing: a refusal by one charges none. Errors: as check(), and kInvalid for two
  // limits of one algorithm on one key.
  Result<Answer> check_all(std::span<const Ask> asks);
  Result<Answer> check_all(std::span<const Ask> asks, TimePoint now);

  // One configured rule, for the subject named by its parts: one for each thing the rule counts by, none for `global`.
  // Errors: kNotFound for an unknown rule; kInvalid for parts that do not fit it.
  Result<Answer> check_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                            const RuleOptions& options = {});
  Result<Answer> check_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                            const RuleOptions& options, TimePoint now);

  // Every configured rule that matches the request. Errors: kInvalid for an `ip` that is no address.
  Result<Answer> check(const Request& request);
  Result<Answer> check(const Request& request, TimePoint now);

  // Forgets a counter: the next request finds it never used. Gives whether there was one.
  Result<bool> reset(std::string_view key, const Limit& limit);
  Result<bool> reset_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                          const RuleOptions& options = {});

  // Gives a concurrency hold back. False: it was never given, was released already, or has expired.
  bool release(const Hold& hold);
  bool release(const Hold& hold, TimePoint now);

  // Puts other rules in force, as a whole; what was used stays used. On an error the old ones stay. Gives their number.
  Result<uint64_t> load_rules(std::string_view yaml);
  Result<uint64_t> load_rules_file(const std::string& path);

  // Writes every counter to a file, aside and then renamed, for Options::snapshot of the next process. Checks go on
  // meanwhile; each counter is as it was at some instant of the call. Only the file's owner may read it: it holds what
  // keeps callers from choosing colliding keys. Gives the number of counters. Errors: kIo.
  Result<uint64_t> save_snapshot(const std::string& path);
  Result<uint64_t> save_snapshot(const std::string& path, TimePoint now);

  // Drops counters that equal fresh ones, looking at no more than `slots` of them. Optional: a check makes room when it
  // needs it; calling this now and then keeps memory low between.
  void tick(uint32_t slots = 4096);
  void tick(uint32_t slots, TimePoint now);

  // Figures as of now.
  Stats stats() const;

 private:
  struct Impl;
  explicit Limiter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace rateguard::api
