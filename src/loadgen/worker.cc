#include "loadgen/worker.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace rateguard::loadgen {
namespace {

// Often enough for timeouts and a line that people watch, seldom enough to cost nothing.
constexpr Duration kTick = Duration::millis(100);

// Makes a worker's dice independent of its keys.
constexpr uint64_t kDiceSeed = 0x5EED;

}  // namespace

Result<std::unique_ptr<Worker>> Worker::create(const Plan& plan, const net::ConnectTarget& target, Share share) {
  std::unique_ptr<Worker> worker(new Worker(plan, share));
  auto loop = net::EventLoop::create(worker->clock_);
  if (!loop) return std::unexpected(loop.error());
  worker->loop_ = std::move(*loop);
  worker->timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (worker->timer_ < 0) return fail(ErrorCode::kIo, "the system gives no timer");
  net::ReadyHandler& timer_handler = *worker;
  if (auto watched = worker->loop_->watch(worker->timer_, EPOLLIN, timer_handler); !watched) {
    return std::unexpected(watched.error());
  }
  ConnectionOwner& owner = *worker;
  const uint64_t connections = share.of(static_cast<uint64_t>(plan.connections));
  for (uint64_t i = 0; i < connections; ++i) {
    worker->connections_.push_back(std::make_unique<LoadConnection>(plan, target, *worker->loop_, owner));
  }
  return worker;
}

Worker::Worker(const Plan& plan, Share share)
    : plan_(plan),
      share_(share),
      keys_(plan.keys, plan.seed, static_cast<uint64_t>(share.worker), static_cast<uint64_t>(share.workers)),
      dice_((plan.seed ^ kDiceSeed) + static_cast<uint64_t>(share.worker)),
      prefix_(plan.key_prefix) {
  if (plan.questions) questions_ = share.of(*plan.questions);
}

Worker::~Worker() {
  connections_.clear();
  if (timer_ >= 0) {
    if (loop_) loop_->unwatch(timer_, *this);
    ::close(timer_);
  }
}

void Worker::run() {
  start_ns_ = open_ns_ = steady_ns();
  end_ns_ = plan_.duration ? start_ns_ + plan_.duration->us * 1'000 : INT64_MAX;
  // The workers take turns with their questions.
  if (plan_.rate) {
    const double own_rate = *plan_.rate / share_.workers;
    pace_.emplace(start_ns_ + static_cast<int64_t>(1e9 / *plan_.rate * share_.worker), own_rate);
  }
  ticker_ = loop_->every(kTick, [this] { tick(); });
  for (const auto& connection : connections_) connection->start();
  pump();
  loop_->run();
  ticker_.cancel();
  publish();
}

void Worker::stop() {
  loop_->post([this] {
    if (asking_) finish_asking(steady_ns());
    pump();
  });
}

Tally Worker::snapshot() const {
  const HeldLock lock(published_mutex_);
  return published_;
}

void Worker::publish() {
  const HeldLock lock(published_mutex_);
  published_ = tally_;
}

void Worker::on_room(LoadConnection& connection) {
  if (std::exchange(connection.in_line, true)) return;
  with_room_.push_back(&connection);
}

void Worker::on_answer(const QuestionResult& answer, int64_t due_ns, int64_t now_ns) {
  last_ns_ = now_ns;
  if (answer.kind == QuestionResult::Kind::kError) {
    if (++tally_.errors[answer.error] == 1 && !answer.detail.empty()) tally_.details[answer.error] = answer.detail;
    return;
  }
  ++(answer.kind == QuestionResult::Kind::kAdmitted ? tally_.admitted : tally_.refused);
  tally_.latency.add(now_ns - due_ns);
}

void Worker::on_end(LoadConnection& connection, std::string_view why, size_t unanswered) {
  if (why.empty()) ended_.push_back(&connection);
  if (why.empty() && unanswered == 0) return;
  tally_.errors[std::string(why.empty() ? "closed by the server" : why)] += std::max<uint64_t>(unanswered, 1);
}

void Worker::on_turn_end() {
  pump();
}

void Worker::on_ready(uint32_t /*events*/) {
  uint64_t expirations = 0;
  (void)!::read(timer_, &expirations, sizeof expirations);
  pump();
}

bool Worker::is_over(int64_t now_ns) const {
  return now_ns >= end_ns_ || (questions_ && tally_.asked >= *questions_);
}

uint64_t Worker::allowed(int64_t now_ns) const {
  uint64_t count = UINT64_MAX;
  // Questions that were due before the end are asked even after it.
  if (pace_) count = pace_->due_by(std::min(now_ns, end_ns_ - 1));
  if (questions_) count = std::min(count, *questions_);
  return count;
}

void Worker::pump() {
  for (LoadConnection* const connection : std::exchange(ended_, {})) {
    if (asking_ && connection->is_closed()) connection->start();
  }
  const int64_t now_ns = steady_ns();
  const uint64_t limit = allowed(now_ns);
  // In closed loop the time ends the asking; in open loop the questions that were due before are still asked.
  while (asking_ && tally_.asked < limit && !with_room_.empty() && (pace_ || now_ns < end_ns_)) {
    LoadConnection* const connection = with_room_.front();
    with_room_.pop_front();
    connection->in_line = false;
    if (!connection->has_room()) continue;
    ask_one(*connection, pace_ ? pace_->due_ns(tally_.asked) : now_ns, now_ns);
    if (connection->has_room()) on_room(*connection);
  }
  for (size_t i = 0; i < unsent_.size(); ++i) unsent_[i]->flush();
  unsent_.clear();
  if (asking_ && is_over(now_ns) && (!pace_ || tally_.asked >= limit)) finish_asking(now_ns);
  if (asking_ && pace_) sleep_until_due();
  if (asking_) return;
  const bool idle =
      std::ranges::all_of(connections_, [](const auto& one) { return one->under_way() == 0 || one->is_closed(); });
  if (idle) loop_->stop();
}

void Worker::ask_one(LoadConnection& connection, int64_t due_ns, int64_t now_ns) {
  const bool used_up = plan_.refused > 0 && dice_.fraction() < plan_.refused;
  const Question question{.key = key_of(used_up), .cost = plan_.cost, .number = tally_.asked, .used_up = used_up};
  if (!connection.has_unsent()) unsent_.push_back(&connection);
  connection.ask(question, due_ns, now_ns);
  ++tally_.asked;
  if (pace_) tally_.lateness.add(now_ns - due_ns);
}

std::string_view Worker::key_of(bool used_up) {
  key_ = prefix_;
  if (used_up) {
    key_ += "used-up";
  } else {
    fmt::format_to(std::back_inserter(key_), "{}", keys_.next());
  }
  return key_;
}

void Worker::finish_asking(int64_t now_ns) {
  asking_ = false;
  if (pace_) {  // due questions that no connection had room for until now
    const uint64_t due = allowed(now_ns);
    if (due > tally_.asked) tally_.errors["due, but never sent"] += due - tally_.asked;
  }
  end_ns_ = std::min(end_ns_, now_ns);
}

// Wakes when the next question is due, or when the asking ends. A due question without room is asked when an answer
// makes room.
void Worker::sleep_until_due() {
  const uint64_t next = tally_.asked;
  int64_t when_ns = end_ns_;
  if (!questions_ || next < *questions_) when_ns = std::min(when_ns, pace_->due_ns(next));
  if (when_ns <= steady_ns() && with_room_.empty()) return;
  itimerspec spec = {};
  when_ns = std::max<int64_t>(when_ns, 1);  // 0 would disarm it
  spec.it_value.tv_sec = when_ns / 1'000'000'000;
  spec.it_value.tv_nsec = when_ns % 1'000'000'000;
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

void Worker::tick() {
  const int64_t now_ns = steady_ns();
  const int64_t patience_ns = plan_.patience.us * 1'000;
  // After the end and the patience the run stops waiting, even for questions that could not be sent.
  if (asking_ && end_ns_ != INT64_MAX && now_ns > end_ns_ + patience_ns) finish_asking(now_ns);
  for (const auto& connection : connections_) {
    if (connection->is_open()) open_ns_ = now_ns;
    if (!connection->is_closed() && connection->waits_since(now_ns - patience_ns)) connection->end("timeout");
    if (connection->is_closed() && asking_) connection->start();
  }
  // The target has gone for good: a run by number of questions would never end.
  if (asking_ && now_ns > std::max(open_ns_, last_ns_) + patience_ns) finish_asking(now_ns);
  publish();
  pump();
}

}  // namespace rateguard::loadgen
