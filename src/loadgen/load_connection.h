// One connection to the target: at most `depth` questions under way.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/speaker.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace rateguard::loadgen {

class LoadConnection;

// The owner of a connection. No member may destroy the connection.
class ConnectionOwner {
 public:
  // The connection can take questions: it was opened, or an answer has arrived. There may be several answers for each
  // call.
  virtual void on_room(LoadConnection& connection) = 0;
  // An answer to a question that was due at `due_ns`; `now_ns` is when it was read.
  virtual void on_answer(const QuestionResult& answer, int64_t due_ns, int64_t now_ns) = 0;
  // The connection has ended, `unanswered` questions being under way. They are counted as errors of the kind `why`,
  // even if there are none; it is empty if the server may end the connection.
  virtual void on_end(LoadConnection& connection, std::string_view why, size_t unanswered) = 0;
  // All bytes that have arrived were handled.
  virtual void on_turn_end() = 0;

 protected:
  ~ConnectionOwner() = default;
};

// Used on its loop's thread only.
class LoadConnection final : private net::StreamEvents {
 public:
  // All arguments outlive it.
  LoadConnection(const Plan& plan, const net::ConnectTarget& target, net::EventLoop& loop, ConnectionOwner& owner);
  LoadConnection(const LoadConnection&) = delete;
  LoadConnection& operator=(const LoadConnection&) = delete;

  // Connects; the owner is told the result. REQUIRES: is_closed().
  void start();
  bool is_closed() const { return stream_.is_closed(); }
  bool is_open() const { return stream_.is_open(); }
  bool has_room() const { return is_open() && !free_.empty(); }
  size_t under_way() const { return questions_.size() - free_.size(); }
  // Whether the server has answered since the connection was opened.
  bool has_answered() const { return has_answered_; }

  // Puts a question into the buffer. REQUIRES: has_room().
  void ask(const Question& question, int64_t due_ns, int64_t now_ns);
  bool has_unsent() const { return !out_.empty(); }
  // Sends the buffer, as far as the socket takes it.
  void flush();
  // Whether a question has waited for an answer since before that time.
  bool waits_since(int64_t before_ns) const;
  // Ends the connection; the owner is told `why`.
  void end(std::string_view why);

  // A mark of the owner's: the connection is queued for questions.
  bool in_line = false;

 private:
  struct Asked {
    int64_t due_ns = 0;
    int64_t asked_ns = 0;  // 0: free
  };

  void opened() override;
  void input(std::span<char> bytes) override;
  void drained() override { flush(); }
  void closed(net::StreamEnd how, const Error& error) override;
  void hear(std::string_view bytes);

  const Plan& plan_;
  const net::ConnectTarget& target_;
  ConnectionOwner& owner_;
  net::Stream stream_;
  std::unique_ptr<Speaker> speaker_;
  std::vector<Asked> questions_;  // by ticket
  std::vector<Ticket> free_;
  std::vector<QuestionResult> answers_;
  std::string out_;
  size_t sent_ = 0;  // of out_
  bool has_answered_ = false;
};

// Nanoseconds of the steady clock, with which latencies are measured.
int64_t steady_ns();

}  // namespace rateguard::loadgen
