// One thread's share of a run.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "loadgen/key_picker.h"
#include "loadgen/load_connection.h"
#include "loadgen/pace.h"
#include "loadgen/plan.h"
#include "loadgen/tally.h"
#include "net/clock.h"
#include "net/event_loop.h"

namespace rateguard::loadgen {

// A worker's part of the run.
struct Share {
  int worker = 0;
  int workers = 1;

  // The worker's part of a whole number; the parts of all workers differ by at most one and add up to it.
  uint64_t of(uint64_t whole) const {
    const auto n = static_cast<uint64_t>(workers);
    return whole / n + (static_cast<uint64_t>(worker) < whole % n ? 1 : 0);
  }
};

// All members except snapshot() and stop() are for the thread that calls run().
class Worker final : private ConnectionOwner, private net::ReadyHandler {
 public:
  // `plan` and `target` outlive this. Errors: kIo if the system gives no descriptors.
  static Result<std::unique_ptr<Worker>> create(const Plan& plan, const net::ConnectTarget& target, Share share);
  ~Worker();

  // Asks until the plan's end, then waits for the questions under way, at most for the plan's patience.
  void run();
  // Ends run() as if its time were over. May be called on any thread.
  void stop();

  // The counts up to a moment ago. May be called on any thread.
  Tally snapshot() const;
  // REQUIRES: run() has returned.
  const Tally& tally() const { return tally_; }
  // From the start to the last answer, or to the end of the asking, whichever is later.
  int64_t elapsed_ns() const { return std::max(last_ns_, end_ns_) - start_ns_; }

 private:
  Worker(const Plan& plan, Share share);

  void on_room(LoadConnection& connection) override;
  void on_answer(const QuestionResult& answer, int64_t due_ns, int64_t now_ns) override;
  void on_end(LoadConnection& connection, std::string_view why, size_t unanswered) override;
  void on_turn_end() override;
  void on_ready(uint32_t events) override;  // the timer

  // Asks everything that may be asked now.
  void pump();
  void ask_one(LoadConnection& connection, int64_t due_ns, int64_t now_ns);
  // How many questions may have been asked by now.
  uint64_t allowed(int64_t now_ns) const;
  bool is_over(int64_t now_ns) const;
  void finish_asking(int64_t now_ns);
  void sleep_until_due();
  void tick();
  void publish();
  std::string_view key_of(bool used_up);

  const Plan& plan_;
  Share share_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_;
  net::Timer ticker_;
  int timer_ = -1;
  KeyPicker keys_;
  Random dice_;
  std::string prefix_;
  std::string key_;
  std::optional<Pace> pace_;
  std::optional<uint64_t> questions_;  // of this worker
  std::vector<std::unique_ptr<LoadConnection>> connections_;
  std::deque<LoadConnection*> with_room_;  // each once; one may have no room any more
  std::vector<LoadConnection*> unsent_;    // have new questions in their buffers
  std::vector<LoadConnection*> ended_;     // ended regularly: to be opened again at once
  bool asking_ = true;
  int64_t start_ns_ = 0;
  int64_t end_ns_ = 0;   // the planned end of the asking, then the actual one
  int64_t last_ns_ = 0;  // the last answer
  int64_t open_ns_ = 0;  // when a connection was last seen open
  Tally tally_;
  mutable Mutex published_mutex_;
  Tally published_ RG_GUARDED_BY(published_mutex_);
};

}  // namespace rateguard::loadgen
