#include "loadgen/load_connection.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace rateguard::loadgen {

int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

LoadConnection::LoadConnection(const Plan& plan, const net::ConnectTarget& target, net::EventLoop& loop,
                               ConnectionOwner& owner)
    : plan_(plan), target_(target), owner_(owner), stream_(loop, *this) {}

void LoadConnection::start() {
  RG_CHECK(is_closed());
  speaker_ = make_speaker(plan_);
  questions_.assign(static_cast<size_t>(plan_.depth), {});
  free_.clear();
  for (auto ticket = static_cast<Ticket>(plan_.depth); ticket-- > 0;) free_.push_back(ticket);
  out_.clear();
  sent_ = 0;
  has_answered_ = false;
  stream_.connect({.target = target_, .patience = plan_.patience});
}

void LoadConnection::opened() {
  speaker_->open(out_);
  owner_.on_room(*this);
  flush();
  owner_.on_turn_end();
}

void LoadConnection::ask(const Question& question, int64_t due_ns, int64_t now_ns) {
  const Ticket ticket = free_.back();
  free_.pop_back();
  questions_[ticket] = {.due_ns = due_ns, .asked_ns = now_ns};
  speaker_->ask(question, ticket, out_);
}

void LoadConnection::flush() {
  if (!is_open()) return;
  sent_ += stream_.offer(std::string_view(out_).substr(sent_));
  if (sent_ < out_.size()) return;
  out_.clear();
  sent_ = 0;
}

bool LoadConnection::waits_since(int64_t before_ns) const {
  return under_way() > 0 && std::ranges::any_of(questions_, [&](const Asked& question) {
           return question.asked_ns != 0 && question.asked_ns < before_ns;
         });
}

void LoadConnection::end(std::string_view why) {
  const size_t unanswered = under_way();
  stream_.close();
  owner_.on_end(*this, why, unanswered);
}

void LoadConnection::closed(net::StreamEnd how, const Error& error) {
  switch (how) {
    case net::StreamEnd::kEnded:
      end(under_way() == 0 && (has_answered_ || speaker_->may_end()) ? "" : "closed by the server");
      break;
    case net::StreamEnd::kBroken:
      end("connection broken: " + error.message);
      break;
    default:
      end(error.message);
  }
  owner_.on_turn_end();
}

void LoadConnection::input(std::span<char> bytes) {
  hear({bytes.data(), bytes.size()});
  owner_.on_turn_end();
}

void LoadConnection::hear(std::string_view bytes) {
  const int64_t now_ns = steady_ns();
  answers_.clear();
  const auto heard = speaker_->hear(bytes, answers_, out_);
  for (const QuestionResult& answer : answers_) {
    Asked& question = questions_[answer.ticket];
    owner_.on_answer(answer, question.due_ns, now_ns);
    question = {};
    free_.push_back(answer.ticket);
  }
  has_answered_ = has_answered_ || !answers_.empty();
  if (!heard) return end(heard.error());
  // A server that announced that it closes is asked nothing more: the questions under way are lost.
  if (speaker_->may_end()) return end("");
  if (!answers_.empty()) owner_.on_room(*this);
  if (!out_.empty()) flush();
}

}  // namespace rateguard::loadgen
