// HTTP/1.1, pipelined (RFC 9112).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "http/http1/response_parser.h"
#include "loadgen/speaker.h"

namespace rateguard::loadgen {

class HttpSpeaker final : public Speaker {
 public:
  explicit HttpSpeaker(const Plan& plan);

  void open(std::string&) override {}
  void ask(const Question& question, Ticket ticket, std::string& out) override;
  std::expected<void, std::string> hear(std::string_view bytes, std::vector<QuestionResult>& answers,
                                        std::string& out) override;
  bool may_end() const override { return closing_ && tickets_.empty(); }

 private:
  // Takes the message at the front of `rest`; false if more has to arrive first.
  std::expected<bool, std::string> take(std::span<char>& rest, std::vector<QuestionResult>& answers);
  QuestionResult answer_of(Ticket ticket) const;

  TextTemplate body_;
  TextTemplate refused_body_;
  bool has_body_;
  std::string head_;  // the head of every request, up to the value of Content-Length
  http::Asked asked_;
  http::Http1ResponseParser parser_;
  TicketQueue tickets_;
  std::string rendered_;
  std::string waiting_;  // bytes not parsed yet
  int status_ = 0;       // of the answer that is arriving
  std::string content_;  // the beginning of an error's content
  bool closing_ = false;
};

}  // namespace rateguard::loadgen
