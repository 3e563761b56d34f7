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

// Names a question on its connection; the caller chooses it.
using Ticket = uint32_t;

struct QuestionResult {
  enum class Kind : uint8_t {
    kAdmitted,  // or answered, if the answer is not a decision
    kRefused,
    kError,
  };
  Ticket ticket = 0;
  Kind kind = Kind::kAdmitted;
  std::string error = {};   // its kind for counting: "HTTP 503", "ERR"
  std::string detail = {};  // the server's text about it, in one line; may be empty
};

// The text of an error as one line of a report: without control characters, and cut if it is too long.
std::string one_line(std::string_view text);

// Not thread-safe. Every connection has its own.
class Speaker {
 public:
  virtual ~Speaker() = default;

  // Appends the bytes to send before the first question.
  virtual void open(std::string& out) = 0;
  virtual void ask(const Question& question, Ticket ticket, std::string& out) = 0;
  // Takes the server's bytes, cut into any pieces, and appends its answers; replies to the protocol are appended to
  // `out`. Errors: why the connection has to be closed, as a kind for counting; the answers before count.
  virtual std::expected<void, std::string> hear(std::string_view bytes, std::vector<QuestionResult>& answers,
                                                std::string& out) = 0;
  // When the server has ended the connection: whether it had announced that, after its last answer.
  virtual bool may_end() const { return false; }
};

std::unique_ptr<Speaker> make_speaker(const Plan& plan);

// For protocols that answer in the order of the questions.
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
