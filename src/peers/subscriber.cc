#include "peers/subscriber.h"

#include <utility>

#include "redis/command.h"
#include "redis/error_reply.h"

namespace rateguard::peers {

Subscriber::Subscriber(net::EventLoop& loop, const redis::RedisClient& client, std::string channel, Handler on_message,
                       SubscriberOptions options)
    : loop_(loop),
      client_(client),
      channel_(std::move(channel)),
      on_message_(std::move(on_message)),
      options_(options),
      session_(loop, *this) {}

void Subscriber::start() {
  look_ = loop_.every(options_.look_period, [this] { follow_client(); });
  follow_client();
}

void Subscriber::stop() {
  look_.cancel();
  close_session();
}

void Subscriber::close_session() {
  session_.close();
  subscribed_ = false;
}

void Subscriber::listen_anew() {
  close_session();
  follow_client();
}

void Subscriber::follow_client() {
  const redis::ServerEndpoint* const server = client_.open_server();
  const bool is_silent =
      session_.is_open() && loop_.now() - session_.heard_at() > options_.silence_max && asked_at_ > session_.heard_at();
  const bool is_elsewhere = server != nullptr && server->target != target_;
  if (!session_.is_closed() && (is_silent || is_elsewhere)) close_session();
  if (session_.is_closed()) {
    if (server != nullptr) listen(*server);
    return;
  }
  if (!session_.is_open() || loop_.now() - asked_at_ < options_.ping_period) return;
  if (!subscribed_) return subscribe();  // it was not allowed to, and may be by now
  asked_at_ = loop_.now();
  redis::append_command(session_.out(), {"PING"});
  session_.flush();
}

void Subscriber::listen(const redis::ServerEndpoint& server) {
  target_ = server.target;
  session_.start(server);
}

void Subscriber::on_open() {
  subscribe();
}

void Subscriber::subscribe() {
  asked_at_ = loop_.now();
  redis::append_command(session_.out(), {"SUBSCRIBE", channel_});
  session_.flush();
}

void Subscriber::on_reply(const redis::Reply& reply) {
  if (reply.is_error()) {
    problem_ = "Redis answers: " + redis::explain_error(reply.text);
    const bool is_wrong = redis::kKnownErrors[redis::known_error(reply.text)].scope == redis::ErrorScope::kConnection;
    if (is_wrong) close_session();  // the next look_period connects again
    return;
  }
  if (!reply.is_array() || reply.elements.size() != 3 || reply.elements[1].text != channel_) return;
  if (reply.elements[0].text == "subscribe") {
    subscribed_ = true;
    problem_.clear();
  } else if (reply.elements[0].text == "message") {
    on_message_(reply.elements[2].text);
  }
}

void Subscriber::on_closed(const Error& error) {
  subscribed_ = false;
  problem_ = error.message;
}

}  // namespace rateguard::peers
