#include "loadgen/load_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/check.h"

namespace rateguard::loadgen {
namespace {

constexpr size_t kReadBytes = 64 * 1024;  // answers of a deep pipeline in one call

std::string reason(std::string_view what, int error) {
  return std::string(what) + ": " + std::strerror(error);
}

}  // namespace

int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

LoadConnection::LoadConnection(const Plan& plan, const Address& address, net::EventLoop& loop, ConnectionOwner& owner)
    : plan_(plan), address_(address), loop_(loop), owner_(owner) {}

LoadConnection::~LoadConnection() {
  if (transport_) loop_.unwatch(transport_->descriptor(), *this);
}

void LoadConnection::start() {
  RG_CHECK(is_closed());
  const int descriptor = ::socket(address_.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (descriptor < 0) return owner_.on_end(*this, reason("cannot connect", errno), 0);
  transport_ = std::make_unique<net::Transport>(descriptor);
  const int on = 1;
  (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  speaker_ = make_speaker(plan_);
  questions_.assign(static_cast<size_t>(plan_.depth), {});
  free_.clear();
  for (auto ticket = static_cast<Ticket>(plan_.depth); ticket-- > 0;) free_.push_back(ticket);
  out_.clear();
  sent_ = 0;
  is_open_ = false;
  has_answered_ = false;
  watched_ = EPOLLOUT;
  if (auto watching = loop_.watch(descriptor, watched_, *this); !watching) {
    transport_.reset();
    return owner_.on_end(*this, "cannot connect: out of descriptors", 0);
  }
  const int connected = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address_.bytes), address_.size);
  if (connected != 0 && errno != EINPROGRESS) end(reason("cannot connect", errno));
}

void LoadConnection::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(transport_->descriptor(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return end(reason("cannot connect", error));
  is_open_ = true;
  speaker_->open(out_);
  watch_for(EPOLLIN);
  owner_.on_room(*this);
  flush();
}

void LoadConnection::ask(const Question& question, int64_t due_ns, int64_t now_ns) {
  const Ticket ticket = free_.back();
  free_.pop_back();
  questions_[ticket] = {.due_ns = due_ns, .asked_ns = now_ns};
  speaker_->ask(question, ticket, out_);
}

void LoadConnection::flush() {
  if (!is_open_) return;
  while (sent_ < out_.size()) {
    const net::IoResult result = transport_->send(std::string_view(out_).substr(sent_));
    if (result.status == net::IoStatus::kWantWrite) return watch_for(EPOLLIN | EPOLLOUT);
    if (result.status != net::IoStatus::kOk) return end(reason("connection broken", errno));
    sent_ += result.bytes;
  }
  out_.clear();
  sent_ = 0;
  watch_for(EPOLLIN);
}

bool LoadConnection::waits_since(int64_t before_ns) const {
  return under_way() > 0 && std::ranges::any_of(questions_, [&](const Asked& question) {
           return question.asked_ns != 0 && question.asked_ns < before_ns;
         });
}

void LoadConnection::end(std::string_view why) {
  const size_t unanswered = under_way();
  loop_.unwatch(transport_->descriptor(), *this);
  transport_.reset();
  is_open_ = false;
  owner_.on_end(*this, why, unanswered);
}

void LoadConnection::on_ready(uint32_t events) {
  if (!is_open_) {
    finish_connecting();
  } else {
    if ((events & EPOLLOUT) != 0) flush();
    if (transport_ && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read();
  }
  owner_.on_turn_end();
}

void LoadConnection::read() {
  static thread_local std::array<char, kReadBytes> buffer;
  const net::IoResult result = transport_->receive(buffer);
  if (result.status == net::IoStatus::kWantRead) return;
  if (result.status == net::IoStatus::kFailed) return end(reason("connection broken", errno));
  if (result.status == net::IoStatus::kEnd) {
    return end(under_way() == 0 && (has_answered_ || speaker_->may_end()) ? "" : "closed by the server");
  }
  const int64_t now_ns = steady_ns();
  answers_.clear();
  const auto heard = speaker_->hear(std::string_view(buffer.data(), result.bytes), answers_, out_);
  for (const Answer& answer : answers_) {
    Asked& question = questions_[answer.ticket];
    owner_.on_answer(answer, question.due_ns, now_ns);
    question = {};
    free_.push_back(answer.ticket);
  }
  has_answered_ = has_answered_ || !answers_.empty();
  if (!heard) return end(heard.error());
  // Nothing more is asked of a server that said it will go: the rest of what is under way is lost.
  if (speaker_->may_end()) return end("");
  if (!answers_.empty()) owner_.on_room(*this);
  if (!out_.empty()) flush();
}

void LoadConnection::watch_for(uint32_t events) {
  if (events == watched_) return;
  watched_ = events;
  loop_.change(transport_->descriptor(), events, *this);
}

}  // namespace rateguard::loadgen
