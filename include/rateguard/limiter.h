// Exact rate limits in this process: the decisions of the rateguard service without the service.
//
//   namespace rg = rateguard::api;
//   rg::Limiter limiter = rg::Limiter::create().value();
//   const rg::Limit per_user = rg::Limit::token_bucket(10, rg::per_second(1)).value();
//
//   const rg::Decision decision = limiter.check("user:123", per_user).value();
//   if (!decision.allowed) return too_many_requests(decision.retry_after);
//
// Counters live in this process's memory; several processes count separately. Every member may be called from any
// thread at any time. Nothing runs in the background: no thread, no timer, no signal handler.
//
// The names are in rateguard::api, separate from the core's own, so that a program built from both never has two types
// with the same name. C++20 is enough.
#pragma once

#include <rateguard/limit.h>
#include <rateguard/result.h>

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::api {

// Names one hold of a concurrency limit, to be released with Limiter::release().
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
  uint64_t limit = 0;      // the capacity or limit; 0 if no limit applies
  uint64_t remaining = 0;  // what a request at the same instant could still take
  // Zero when admitted. When refused: after exactly this long the same request is admitted if no other comes; kNever if
  // its cost is above the limit.
  Duration retry_after = {};
  Duration reset_after = {};  // until the counter equals one never used, if no request comes
  Duration delay = {};        // leaky bucket, admitted: the wait for its turn
  Hold hold = {};             // concurrency, admitted: the hold to release; otherwise not set
};

// A charge with an estimated cost, until it is settled: see Limiter::charge(). A value; nothing else remembers it.
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
  Charge charge = {};  // to be settled; not set if the estimate was refused
};

// The outcome of a settlement.
enum class Settled : uint8_t {
  kNow,      // the counter is corrected
  kBefore,   // it was settled before, or its hold has expired: nothing was changed
  kTooLate,  // more than an hour has passed: what was charged stays charged
  kNoRoom,   // the store is full and refuses new keys (WhenFull): nothing was changed
};

// What settle() answers.
struct Settlement {
  Settled settled = Settled::kNow;
  Decision decision = {};  // what the limit has left, if it was asked; always allowed
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
  // The limit that decides and its decision: when refused, the one with the longest wait; when admitted, the one with
  // the smallest share left. An empty name means that no limit applies.
  std::string name = {};
  Decision decision = {};
  // What the request lacks that the rule `name` counts by ("api_key"), if that is why it was refused; otherwise
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

// What is known about a request to be checked by the rules. Everything is borrowed for the call; empty means
// unknown.
struct Request {
  std::string_view method = {};  // "GET"
  std::string_view path = {};    // with or without a query, percent-encoded as it came
  std::string_view host = {};
  std::string_view ip = {};  // the other end of the connection; the rules file names trusted proxies
  std::span<const Header> headers = {};
  // Supplied by a caller that knows them; they take precedence over headers.
  std::string_view user = {};
  std::string_view api_key = {};
  std::string_view workspace = {};
  std::string_view plan = {};
  int64_t cost = 1;  // 0 looks and takes nothing; a negative one gives back
};

// Optional arguments for checking a rule by its name.
struct RuleOptions {
  std::string_view plan = {};  // selects from the rule's `by_plan`
  int64_t cost = 1;            // 0 looks and takes nothing; a negative one gives back
};

// What to do with a new key when the store is full of live ones.
enum class WhenFull : uint8_t { kEvict, kRefuse };

// A decision as Options::on_decision hears of it. The view lives for the call.
struct DecisionReport {
  std::string_view name = {};  // the rule that decided; empty: a limit that came with the call, or none applies
  bool allowed = true;
  int64_t cost = 1;  // of the deciding limit, in units; negative: given back
  TimePoint at;
};

// How a Limiter is made. The defaults are those of the service.
struct Options {
  uint64_t max_keys = 1'000'000;  // counters at once, of all limits together
  WhenFull when_full = WhenFull::kEvict;
  // Rules, as the text of a rules file or as the path of one; at most one of the two. Without rules there are only
  // limits that come with the call. `rules` and the settings about identity are used; `listen`, `stores` and `log` are
  // only checked.
  std::string rules_yaml = {};
  std::string rules_file = {};
  // Initial counters: a file that save_snapshot() wrote. A missing file is not an error: it is the first start.
  std::string snapshot = {};
  // Called once for every decision, right after it was made, on the thread that asked: several may call it at once. Be
  // quick, and call no member of the Limiter. peek() and settle() decide nothing.
  std::function<void(const DecisionReport&)> on_decision = {};
};

// Figures about the counters.
struct Stats {
  uint64_t keys = 0;
  uint64_t keys_max = 0;
  uint64_t expired = 0;       // dropped because they equalled a key never used
  uint64_t evicted = 0;       // dropped while live, because the store was full
  uint64_t refused_full = 0;  // refused because no room could be made
  uint64_t memory_bytes = 0;
};

// The limiter. Movable; a moved-from one may only be destroyed or assigned to.
//
// A counter is named by its key (1 to 1,024 bytes of anything) and its algorithm, never by the limit's figures: a limit
// that changes keeps what was used. Use keys that say what they are for ("login:203.0.113.9").
//
// Every decision has two forms. The first takes the time from a clock that never goes back; the one with `now` is for
// tests and replays, where the caller provides the time. Mixing them on one counter is allowed; an instant before the
// counter's own counts as the counter's own.
class Limiter {
 public:
  // Errors: a mistake in the rules file, with line and column; kIo; kCorrupt for a snapshot that fails its own
  // checks.
  static Result<Limiter> create(Options options = {});

  Limiter(Limiter&&) noexcept;
  Limiter& operator=(Limiter&&) noexcept;
  ~Limiter();

  // Takes `cost` from the limit of `key` if it fits. A negative cost gives back: at most what is in use, never into a
  // window that has ended, and always admitted. Errors: kInvalid for a key, a cost (beyond kUnitsMax either way) or a
  // time out of bounds, and for a negative cost of a concurrency limit, whose holds are released by release().
  Result<Decision> check(std::string_view key, const Limit& limit, int64_t cost = 1);
  Result<Decision> check(std::string_view key, const Limit& limit, int64_t cost, TimePoint now);

  // Looks and takes nothing: gives the current `remaining` and `reset_after`; `allowed` is true, as for any cost of 0.
  Result<Decision> peek(std::string_view key, const Limit& limit);
  Result<Decision> peek(std::string_view key, const Limit& limit, TimePoint now);

  // As check(), for an estimated cost: settle `charge` once it is known what was really used.
  Result<Charged> charge(std::string_view key, const Limit& limit, uint64_t estimate);
  Result<Charged> charge(std::string_view key, const Limit& limit, uint64_t estimate, TimePoint now);

  // Corrects a charge to what was really used. Less gives back the difference, never above the limit and never into a
  // window that has ended; more takes the difference whatever is left, even below zero: the next check then waits
  // longer. It is never refused, and takes effect once, within an hour of the charge, from any thread or from a process
  // that shares the counters' snapshot. A concurrency limit's hold is released, whatever was used. A charge that is
  // never settled, for example because the process ended, keeps its estimate. A full store that makes room
  // (WhenFull::kEvict) may forget a settlement, and settle the charge again. Errors: kInvalid for more than kUnitsMax,
  // a charge that is not set, or a time out of bounds.
  Result<Settlement> settle(const Charge& charge, uint64_t actual);
  Result<Settlement> settle(const Charge& charge, uint64_t actual, TimePoint now);

  // Several limits at once, all or nothing: a refusal by one charges none. Errors: as check(), and kInvalid for two
  // limits with the same algorithm and key.
  Result<Answer> check_all(std::span<const Ask> asks);
  Result<Answer> check_all(std::span<const Ask> asks, TimePoint now);

  // One configured rule, for the subject named by its parts: one for each thing the rule counts by, none for `global`.
  // Errors: kNotFound for an unknown rule; kInvalid for parts that do not fit it.
  Result<Answer> check_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                            const RuleOptions& options = {});
  Result<Answer> check_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                            const RuleOptions& options, TimePoint now);

  // Every configured rule that matches the request. Errors: kInvalid for an `ip` that is not an address.
  Result<Answer> check(const Request& request);
  Result<Answer> check(const Request& request, TimePoint now);

  // Forgets a counter: the next request finds it never used. Returns whether there was one.
  Result<bool> reset(std::string_view key, const Limit& limit);
  Result<bool> reset_rule(std::string_view rule, std::initializer_list<std::string_view> parts,
                          const RuleOptions& options = {});

  // Releases a concurrency hold. False if it was never given, was already released, or has expired.
  bool release(const Hold& hold);
  bool release(const Hold& hold, TimePoint now);

  // Replaces the rules as a whole; what was used stays used. On an error the old ones stay. Returns the number of
  // rules.
  Result<uint64_t> load_rules(std::string_view yaml);
  Result<uint64_t> load_rules_file(const std::string& path);

  // Writes every counter to a file, through a temporary one, for Options::snapshot of the next process. Checks continue
  // meanwhile; each counter is as it was at some instant of the call. Only the file's owner may read it: it holds the
  // secret that keeps callers from choosing colliding keys. Returns the number of counters. Errors: kIo.
  Result<uint64_t> save_snapshot(const std::string& path);
  Result<uint64_t> save_snapshot(const std::string& path, TimePoint now);

  // Drops counters that equal fresh ones, examining at most `slots` of them. Optional: a check makes room when it needs
  // it; calling this at intervals keeps memory low.
  void tick(uint32_t slots = 4096);
  void tick(uint32_t slots, TimePoint now);

  // Figures as of now.
  Stats stats() const;

 private:
  friend struct LimiterAccess;  // makes one whose decisions the core's recorder hears
  struct Impl;
  explicit Limiter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace rateguard::api
