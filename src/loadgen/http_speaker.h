// HTTP/1.1, pipelined (RFC 9112).
#pragma once

#include "loadgen/speaker.h"

namespace rateguard::loadgen {

class HttpSpeaker final : public Speaker {
 public:
  explicit HttpSpeaker(const Plan& plan);

  void open(std::string&) override {}
  void ask(const Question& question, Ticket ticket, std::string& out) override;
  std::expected<void, std::string> hear(std::string_view bytes, std::vector<Answer>& answers,
                                        std::string& out) override;
  bool may_end() const override { return closing_ && tickets_.empty(); }

 private:
  // Takes one answer from the front; its size, 0 where it is not whole yet.
  std::expected<size_t, std::string> take(std::string_view bytes, std::vector<Answer>& answers);

  TextTemplate body_;
  TextTemplate refused_body_;
  bool has_body_;
  std::string head_;  // of every request, up to the value of Content-Length
  TicketQueue tickets_;
  std::string rendered_;
  std::string waiting_;  // bytes of an answer that is not whole
  bool closing_ = false;
};

}  // namespace rateguard::loadgen
