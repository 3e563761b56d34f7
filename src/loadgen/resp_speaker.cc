#include "loadgen/resp_speaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "loadgen/resp_reply.h"
#include "model/ascii.h"

namespace rateguard::loadgen {
namespace {

std::vector<TextTemplate> split(std::string_view command) {
  std::vector<TextTemplate> words;
  while (!command.empty()) {
    const size_t end = std::min(command.find(' '), command.size());
    if (end > 0) words.emplace_back(command.substr(0, end));
    command.remove_prefix(std::min(end + 1, command.size()));
  }
  return words;
}

std::string command_of(const Plan& plan) {
  if (!plan.command.empty()) return plan.command;
  // Whole seconds, rounded up: the command has no fractions.
  return fmt::format("CL.THROTTLE {{key}} {} {} {} {{cost}}", plan.limit.capacity - 1, plan.limit.units,
                     plan.limit.period.ceil_seconds());
}

// A rule's name may contain spaces, so it is not part of a command that is split.
std::vector<TextTemplate> words_of(const Plan& plan) {
  if (plan.rule.empty()) return split(command_of(plan));
  std::vector<TextTemplate> words = split("RG.CHECK");
  words.emplace_back(plan.rule);
  words.emplace_back("{key}");
  words.emplace_back("{cost}");
  return words;
}

// One unit in thirty days, used up by the first question.
std::vector<TextTemplate> refused_words_of(const Plan& plan) {
  return plan.rule.empty() && plan.command.empty() ? split("CL.THROTTLE {key} 0 1 2592000 {cost}") : words_of(plan);
}

void append_bulk(std::string& out, std::string_view word) {
  fmt::format_to(std::back_inserter(out), "${}\r\n", word.size());
  out += word;
  out += "\r\n";
}

// The first word of an error names its kind: ERR, NOAUTH, UNAVAILABLE.
std::string kind_of(std::string_view error) {
  return std::string(error.substr(0, std::min(error.find(' '), size_t{32})));
}

}  // namespace

RespSpeaker::Verdict RespSpeaker::verdict_of(std::string_view command) {
  const std::string_view word = command.substr(0, command.find(' '));
  if (equal_ignoring_case(word, "cl.throttle")) return Verdict::kOneIsRefused;
  const bool decides = equal_ignoring_case(word, "throttle") || equal_ignoring_case(word, "rg.check");
  return decides ? Verdict::kOneIsAllowed : Verdict::kNone;
}

RespSpeaker::RespSpeaker(const Plan& plan)
    : words_(words_of(plan)),
      refused_words_(refused_words_of(plan)),
      verdict_(plan.rule.empty() ? verdict_of(command_of(plan)) : Verdict::kOneIsAllowed),
      token_(plan.token) {}

void RespSpeaker::open(std::string& out) {
  if (token_.empty()) return;
  authenticating_ = true;
  out += "*2\r\n$4\r\nAUTH\r\n";
  append_bulk(out, token_);
}

void RespSpeaker::ask(const Question& question, Ticket ticket, std::string& out) {
  tickets_.push(ticket);
  const std::vector<TextTemplate>& words = question.used_up ? refused_words_ : words_;
  fmt::format_to(std::back_inserter(out), "*{}\r\n", words.size());
  for (const TextTemplate& word : words) {
    rendered_.clear();
    word.render(question, rendered_);
    append_bulk(out, rendered_);
  }
}

std::expected<void, std::string> RespSpeaker::hear(std::string_view bytes, std::vector<QuestionResult>& answers,
                                                   std::string& /*out*/) {
  if (!waiting_.empty()) {
    waiting_ += bytes;
    bytes = waiting_;
  }
  while (!bytes.empty()) {
    const auto reply = read_reply(bytes);
    if (!reply) return std::unexpected(std::string("malformed RESP reply"));
    if (reply->size == 0) break;
    bytes.remove_prefix(reply->size);
    if (reply->is_push) continue;
    if (authenticating_) {
      if (reply->is_error) return std::unexpected("AUTH refused: " + kind_of(reply->error));
      authenticating_ = false;
      continue;
    }
    if (tickets_.empty()) return std::unexpected(std::string("a RESP reply without a command"));
    QuestionResult& answer = answers.emplace_back();
    answer.ticket = tickets_.pop();
    if (reply->is_error) {
      answer.kind = QuestionResult::Kind::kError;
      answer.error = kind_of(reply->error);
      answer.detail = one_line(reply->error);
    } else if (verdict_ != Verdict::kNone && !reply->first_number) {
      answer.kind = QuestionResult::Kind::kError;
      answer.error = "no decision in the reply";
    } else if (verdict_ != Verdict::kNone) {
      const bool one = *reply->first_number != 0;
      if (one == (verdict_ == Verdict::kOneIsRefused)) answer.kind = QuestionResult::Kind::kRefused;
    }
  }
  waiting_ = std::string(bytes);  // a copy first: `bytes` may be part of it
  return {};
}

}  // namespace rateguard::loadgen
