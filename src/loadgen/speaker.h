// One connection's protocol, without a socket.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/plan.h"
#include "loadgen/text_template.h"

namespace rateguard::loadgen {

// Names a question on its connection; whoever asks chooses it.
using Ticket = uint32_t;

struct Answer {
  enum class Kind : uint8_t {
    kAdmitted,  // or answered, where the protocol's answer is no decision
    kRefused,
    kError,
  };
  Ticket ticket = 0;
  Kind kind = Kind::kAdmitted;
  std::string error = {};   // its kind, as it is counted: "HTTP 503", "ERR"
  std::string detail = {};  // what the server said with it, in one line; empty: nothing
};

// The text of an error as one line of a report: without control characters, and cut where it is too long for one.
std::string one_line(std::string_view text);

// Not thread-safe. A new connection gets a new one.
class Speaker {
 public:
  virtual ~Speaker() = default;

  // Appends what is said before the first question.
  virtual void open(std::string& out) = 0;
  virtual void ask(const Question& question, Ticket ticket, std::string& out) = 0;
  // Takes what the server sent, in pieces however cut, and appends its answers; what has to be said back is appended to
  // `out`. Errors: why the conversation cannot go on, as it is counted; the answers before it count.
  virtual std::expected<void, std::string> hear(std::string_view bytes, std::vector<Answer>& answers,
                                                std::string& out) = 0;
  // The server has ended the connection. True: as it said it would, after its last answer.
  virtual bool may_end() const { return false; }
};

std::unique_ptr<Speaker> make_speaker(const Plan& plan);

// For protocols whose answers come in the order of the questions.
class TicketQueue {
 public:
  void push(Ticket ticket) { tickets_.push_back(ticket); }
  bool empty() const { return tickets_.empty(); }
  // REQUIRES: !empty().
  Ticket pop() {
    const Ticket ticket = tickets_.front();
    tickets_.pop_front();
    return ticket;
  }

 private:
  std::deque<Ticket> tickets_;
};

}  // namespace rateguard::loadgen
