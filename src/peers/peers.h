// The instances that share a Redis: who is there, and what they tell each other.
//
// Each enters itself there once a second with what it is, and learns who else did lately. What concerns the others at
// once (a counter was reset, rules were loaded anew) is published. A message may be lost; Redis counts them, and the
// count comes with the answer of each second, so that whoever missed one knows.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "model/running_instance.h"
#include "net/event_loop.h"
#include "peers/listener.h"
#include "peers/message.h"
#include "peers/scripts.h"
#include "redis/client.h"

namespace rateguard::peers {

struct PeersOptions {
  std::string prefix = "rg";  // of every key and of the channel; the same on every instance
  Duration beat_period = Duration::seconds(1);
  // Who has not been heard of for so long is gone: a few beats may get lost.
  Duration gone_after = Duration::seconds(5);
  ListenerOptions listener = {};
};

// What others tell, on the loop's thread. None may destroy the Peers. May be empty.
struct PeersHandlers {
  // A counter was reset, perhaps by this instance: by another of its loops.
  std::function<void(std::string_view key)> on_reset = {};
  // Another instance has loaded its rules, which have that revision now.
  std::function<void(std::string_view revision)> on_reload = {};
  // Others may have been reset or loaded rules: refusals that are remembered may be wrong. Not a reason to forget what
  // was counted.
  std::function<void()> on_missed = {};
  // There is something wrong, or, where it is empty, no longer. What it is may change without a call.
  std::function<void(std::string_view problem)> on_problem = {};
};

// On its loop's thread but where a member says otherwise. It is destroyed there, or when no loop runs any more.
class Peers {
 public:
  // `id`: 64 random bits. `loop` and `client` outlive it.
  Peers(net::EventLoop& loop, redis::Client& client, uint64_t id, InstanceDescription self, PeersHandlers handlers,
        PeersOptions options = {});
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // `client` is started by whoever has it.
  void start();
  // Says goodbye and is silent from then on; `done` is called when Redis has heard it, or will not.
  void leave(std::function<void()> done);

  // Any thread: how many instances there are, this one among them. More are noticed at once, fewer when kFallBeats
  // answers agree: a Redis that has just come back empty has yet to hear of most, and who divides a limit by too many
  // admits too little rather than too much. While Redis is away, as many as there were last.
  uint32_t alive() const { return alive_.load(std::memory_order_relaxed); }
  static constexpr size_t kFallBeats = 3;
  // Any thread: as they were last heard of, this one first.
  std::vector<RunningInstance> all(Instant now) const;

  // Any thread: tells the others. What cannot be told is made up for at the next beat that succeeds.
  void tell_reset(std::string key);
  void tell_reload(std::string revision);
  // Any thread: this instance's rules are others from now on; nobody is told at once.
  void set_revision(std::string revision);

  // Why the last beat failed, or what is published is not heard; empty: nothing is wrong.
  std::string problem() const;

 private:
  void post(std::function<void(Peers&)> work);
  void beat();
  void on_beat(const redis::Answer& answer, uint64_t told_before);
  Result<void> take_beat(const redis::Answer& answer, uint64_t told_before);
  void note_count(int64_t alive);
  void note_told(uint64_t told, uint64_t told_before);
  void miss(uint64_t told);
  void note_seen(const Beat& beat);
  void on_message(std::string_view text);
  void tell(MessageKind kind, const std::string& payload);
  void owe(MessageKind kind, const std::string& payload);
  void pay();

  net::EventLoop& loop_;
  redis::Client& client_;
  const uint64_t id_;
  const std::string id_text_;
  const PeersOptions options_;
  const std::string gone_after_ms_;
  const Names names_;
  PeersHandlers handlers_;
  Listener listener_;
  net::Timer beat_;
  net::Timer overdue_;                                   // looks whether messages have come that a beat told of
  std::optional<uint64_t> overdue_told_;                 // up to which; none: nobody looks
  bool beating_ = false;                                 // a beat is under way
  std::optional<uint64_t> told_;                         // messages accounted for; none before the first beat
  std::array<uint32_t, kFallBeats> counts_ = {1, 1, 1};  // of the last beats
  size_t next_count_ = 0;
  // What could not be told yet.
  std::vector<std::string> owed_resets_;
  bool owes_forget_ = false;
  std::optional<std::string> owed_revision_;
  std::string problem_;
  bool has_problem_ = false;  // as on_problem was told

  std::atomic<uint32_t> alive_ = 1;
  mutable Mutex mutex_;
  InstanceDescription self_description_ RG_GUARDED_BY(mutex_);
  std::vector<RunningInstance> others_ RG_GUARDED_BY(mutex_);
  Instant heard_at_ RG_GUARDED_BY(mutex_);                   // when others_ were told
  std::optional<Duration> self_seen_ RG_GUARDED_BY(mutex_);  // nullopt: Redis has yet to hear of this one

  const std::shared_ptr<Peers*> self_;  // for work under way: null where this is gone
};

}  // namespace rateguard::peers
