// For tests: a handler that streams both ways with backpressure, over any version of HTTP.
#pragma once

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server/server_fixture.h"

namespace rateguard::http {

// /echo: gives the body back as it arrives, and its trailers. /source?N: N bytes. /hold: takes the body and consumes it
// when it is told to. /giveup: the same, and answers at kGivenUp bytes without having consumed any. /late: asks for the
// body when it is told to. /hints: an interim answer. /upgrade: echoes raw bytes. /letgo: begins an answer and lets go
// of it. /early: answers without looking at the body.
class StreamingHandler final : public Handler, private ExchangeEvents {
 public:
  // How much may wait for a client before this handler stops.
  static constexpr size_t kWaitingMax = 64 * 1'024;
  static constexpr size_t kPiece = 16 * 1'024;
  static constexpr size_t kGivenUp = 65'535;  // the window that a stream begins with (RFC 9113, section 6.9.2)

  bool streams() const override { return true; }
  BodyDelivery delivery(const Request&) override { return BodyDelivery::kPieces; }
  void handle(Exchange& exchange, Now) override {
    ++handled;
    const std::string path(exchange.request().path);
    const std::string query(exchange.request().query);
    if (path == "/early") {
      exchange.status(200);
      return exchange.body("text/plain", "early");
    }
    Stream& stream = streams_[&exchange];
    stream.exchange = exchange.keep(this);
    if (path == "/letgo") {
      exchange.status(200);
      exchange.write("begun");
      exchange.flush();
      streams_.erase(&exchange);
      return;
    }
    if (path == "/late") return;
    if (path == "/hints") {
      const Header link{"link", "</style.css>"};
      exchange.inform(103, {&link, 1});
    }
    if (path == "/upgrade") {
      const Header accept{"X-Accept", "yes"};
      if (!exchange.upgrade("echo", {&accept, 1})) {
        exchange.status(426);
        exchange.finish();
        streams_.erase(&exchange);
        return;
      }
      stream.echoes = true;
      return exchange.receive();
    }
    if (path == "/source") {
      std::from_chars(query.data(), query.data() + query.size(), stream.source_left);
      exchange.status(200);
      return write_more(exchange, stream);
    }
    stream.echoes = path == "/echo";
    stream.holds = path == "/hold" || path == "/giveup";
    stream.gives_up = path == "/giveup";
    exchange.status(200);
    exchange.flush();
    exchange.receive();
  }
  void reject(const Rejection& rejection, Instant, Responder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.field);
  }

  // On the loop's thread, of all streams that are open:
  void consume_all() {
    for (Exchange* const exchange : open()) {
      const auto found = streams_.find(exchange);
      if (found == streams_.end()) continue;
      found->second.holds = false;
      consume(*exchange, found->second);
    }
  }
  void receive_all() {
    for (Exchange* const exchange : open()) {
      if (!streams_.contains(exchange)) continue;
      exchange->status(200);
      exchange->receive();
    }
  }

  std::atomic<size_t> handled = 0;
  std::atomic<size_t> gone = 0;      // clients that disconnected
  std::atomic<size_t> finished = 0;  // clients that closed their side while they waited
  std::atomic<size_t> ended = 0;     // complete bodies
  std::atomic<size_t> arrived = 0;   // bytes of bodies
  std::atomic<size_t> held = 0;      // those not consumed
  std::atomic<size_t> held_max = 0;  // at any time
  std::atomic<size_t> waiting_max = 0;

 private:
  struct Stream {
    KeptExchange exchange = {};
    size_t source_left = 0;
    size_t held = 0;
    std::vector<std::pair<std::string, std::string>> trailers = {};
    bool echoes = false;
    bool holds = false;
    bool gives_up = false;
    bool over = false;
  };

  // A copy, because anything done with one exchange may end it and others.
  std::vector<Exchange*> open() const {
    std::vector<Exchange*> all;
    for (const auto& [exchange, stream] : streams_) all.push_back(exchange);
    return all;
  }
  void body_arrived(Exchange& exchange, std::string_view bytes) override {
    Stream& stream = streams_.at(&exchange);
    arrived += bytes.size();
    stream.held += bytes.size();
    held += bytes.size();
    held_max = std::max(held_max.load(), held.load());
    if (stream.gives_up && stream.held >= kGivenUp) return end(exchange, stream);
    if (stream.holds) return;
    if (stream.echoes) {
      exchange.write(bytes);
      exchange.flush();
      note_waiting(exchange);
    }
    if (exchange.waiting_bytes() <= kWaitingMax) consume(exchange, stream);
  }
  void body_ended(Exchange& exchange, std::span<const Header> trailers) override {
    Stream& stream = streams_.at(&exchange);
    for (const Header& field : trailers) stream.trailers.emplace_back(field.name, field.value);
    ++ended;
    stream.over = true;
    if (exchange.waiting_bytes() == 0 || !stream.echoes) end(exchange, stream);
  }
  void drained(Exchange& exchange) override {
    Stream& stream = streams_.at(&exchange);
    if (stream.source_left != 0) return write_more(exchange, stream);
    if (stream.over) return end(exchange, stream);
    if (!stream.holds) consume(exchange, stream);
  }
  void client_finished(Exchange&) override { ++finished; }
  void client_gone(Exchange& exchange) override {
    ++gone;
    held -= streams_.at(&exchange).held;
    streams_.erase(&exchange);
  }
  void end(Exchange& exchange, Stream& stream) {
    held -= stream.held;
    for (const auto& [name, value] : stream.trailers) exchange.trailer(name, value);
    exchange.trailer("x-end", "whole");
    exchange.finish();
    streams_.erase(&exchange);
  }
  void consume(Exchange& exchange, Stream& stream) {
    held -= stream.held;
    exchange.consume(std::exchange(stream.held, 0));
  }
  void write_more(Exchange& exchange, Stream& stream) {
    static const std::string text(kPiece, 's');
    while (stream.source_left != 0 && exchange.waiting_bytes() < kWaitingMax) {
      const size_t size = std::min(stream.source_left, kPiece);
      stream.source_left -= size;
      exchange.write(std::string_view(text).substr(0, size));
      exchange.flush();
      note_waiting(exchange);
    }
    if (stream.source_left == 0) end(exchange, stream);
  }
  void note_waiting(const Exchange& exchange) { waiting_max = std::max(waiting_max.load(), exchange.waiting_bytes()); }

  std::map<Exchange*, Stream> streams_;
};

}  // namespace rateguard::http
