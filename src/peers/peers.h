// The instances that share a Redis: which ones are alive, and the messages between them.
//
// Each registers itself there once a second with a description, and learns which others did recently. Urgent news (a
// counter was reset, rules were reloaded) is published. A message may be lost; Redis counts them and returns the count
// each second, so that an instance that missed one knows.
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
#include "peers/message.h"
#include "peers/scripts.h"
#include "peers/subscriber.h"
#include "redis/client.h"

namespace rateguard::peers {

struct PeersOptions {
  std::string prefix = "rg";  // of every key and of the channel; the same on every instance
  std::string secret = {};    // what the instances' common secret becomes if they have none; random bytes
  Duration beat_period = Duration::seconds(1);
  // An instance is gone if it has not registered for this long: a few beats may be lost.
  Duration gone_after = Duration::seconds(5);
  SubscriberOptions subscriber = {};
};

// Called for other instances' messages, on the loop's thread. They must not destroy the Peers, and may be empty.
struct PeersHandlers {
  // A counter was reset, perhaps by another loop of this instance.
  std::function<void(std::string_view key)> on_reset = {};
  // Another instance has loaded its rules, which now have that revision.
  std::function<void(std::string_view revision)> on_reload = {};
  // Another instance says that the catalog has come to this revision.
  std::function<void(int64_t revision)> on_catalog = {};
  // Messages were missed: counters may have been reset or rules loaded, and remembered refusals may be wrong. Not a
  // reason to forget counts.
  std::function<void()> on_missed = {};
  // The secret that all instances have in common; with the first beat, and again should it change.
  std::function<void(std::string_view secret)> on_secret = {};
  // Something is wrong, or no longer if `problem` is empty. A change of the reason alone makes no call.
  std::function<void(std::string_view problem)> on_problem = {};
};

// Runs on its loop's thread unless a member says otherwise. It is destroyed there, or when its loop has ended.
class Peers {
 public:
  // `id`: 64 random bits. `loop` and `client` outlive it.
  Peers(net::EventLoop& loop, redis::RedisClient& client, uint64_t id, InstanceDescription self, PeersHandlers handlers,
        PeersOptions options = {});
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // The owner of `client` starts it.
  void start();
  // Removes itself from the list and is silent from then on; `done` is called when Redis has answered, or will not.
  void leave(std::function<void()> done);

  // Any thread: how many instances there are, including this one. An increase counts immediately, a decrease when
  // kFallBeats answers agree: a Redis that has just come back empty does not know most instances yet, and dividing a
  // limit by too many admits too little rather than too much. While Redis is unreachable, the last number stands.
  uint32_t alive() const { return alive_.load(std::memory_order_relaxed); }
  static constexpr size_t kFallBeats = 3;
  // Any thread: as last reported, this one first.
  std::vector<RunningInstance> all(Instant now) const;

  // Any thread: tells the others. What cannot be sent is sent after the next beat that succeeds.
  void tell_reset(std::string key);
  void tell_reload(std::string revision);
  // What cannot be sent is dropped: each instance asks the catalog itself, soon.
  void tell_catalog(int64_t revision);
  // Any thread: this instance's rules have changed; sends no message.
  void set_revision(std::string revision);

  // Why the last beat failed, or why messages are not received; empty if nothing is wrong.
  std::string problem() const;

 private:
  void post(std::function<void(Peers&)> work);
  void beat();
  void on_beat(const redis::CommandResult& answer, uint64_t told_before);
  Result<void> take_beat(const redis::CommandResult& answer, uint64_t told_before);
  void note_count(int64_t alive);
  void note_told(uint64_t told, uint64_t told_before);
  void record_missed_messages(uint64_t told);
  void note_seen(const Beat& beat);
  void note_secret(const std::string& secret);
  void on_message(std::string_view text);
  void publish_message(MessageKind kind, const std::string& payload);
  void owe(MessageKind kind, const std::string& payload);
  void pay();

  net::EventLoop& loop_;
  redis::RedisClient& client_;
  const uint64_t id_;
  const std::string id_text_;
  const PeersOptions options_;
  const std::string gone_after_ms_;
  const std::string secret_kept_ms_;
  const Names names_;
  std::string secret_;  // the common one once it is known
  bool knows_secret_ = false;
  PeersHandlers handlers_;
  Subscriber subscriber_;
  net::Timer beat_;
  net::Timer overdue_;                    // checks whether messages that a beat has counted have arrived
  std::optional<uint64_t> overdue_told_;  // up to which; none if overdue_ is not running
  bool beating_ = false;                  // a beat is under way
  std::optional<uint64_t> told_;          // the count of messages accounted for; none before the first beat
  std::array<uint32_t, kFallBeats> counts_ = {1, 1, 1};  // of the last beats
  size_t next_count_ = 0;
  // What could not be sent yet.
  std::vector<std::string> owed_resets_;
  bool owes_forget_ = false;
  std::optional<std::string> owed_revision_;
  std::string problem_;
  bool has_problem_ = false;  // as last reported to on_problem

  std::atomic<uint32_t> alive_ = 1;
  mutable Mutex mutex_;
  InstanceDescription self_description_ RG_GUARDED_BY(mutex_);
  std::vector<RunningInstance> others_ RG_GUARDED_BY(mutex_);
  Instant heard_at_ RG_GUARDED_BY(mutex_);                   // when others_ was received
  std::optional<Duration> self_seen_ RG_GUARDED_BY(mutex_);  // nullopt until Redis has registered this one

  const std::shared_ptr<Peers*> self_;  // for work under way: null once this is destroyed
};

}  // namespace rateguard::peers
