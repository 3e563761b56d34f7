// HTTP/1.1 (RFC 9112), the client's side: one call after another on a connection.
#pragma once

#include "http/client/carrier.h"
#include "http/http1/request_writer.h"
#include "http/http1/response_parser.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

class Http1Carrier final : public Carrier {
 public:
  explicit Http1Carrier(ClientConnection& connection);

  size_t room() const override { return call_ == nullptr ? 1 : 0; }
  size_t under_way() const override { return call_ == nullptr ? 0 : 1; }
  bool can_upgrade() const override { return true; }
  void begin(Call& call) override;
  void content_changed(Call& call) override;
  size_t waiting_bytes(const Call& call) const override;
  uint64_t sent_bytes() const override;
  void call_is_late(Call&) override {}  // it ends with the call
  void consumed(Call& call, size_t bytes) override;
  void cancel(Call& call) override;
  void turn() override;
  void input(std::span<char> bytes) override;
  void closed(net::StreamEnd end, const Error& error) override;
  void abandon() override;

 private:
  void parse(std::span<char>& rest);
  void take_head(std::span<char>& rest);
  void give(std::string_view piece);
  void read_for(const Call& call);
  void keep(std::span<char> input, std::span<char> rest);
  void complete(size_t bytes_behind);
  void malformed();
  void refuse(std::string why);
  void send_content();
  // Removes the call from the connection.
  Call& let_go();

  Http1ResponseParser parser_;
  Http1RequestWriter writer_;
  Call* call_ = nullptr;
  net::ByteBuffer in_;  // what has arrived and is not parsed yet
  net::ByteBuffer out_;
  uint64_t head_end_ = 0;      // of the request's, in all that the connection has sent
  bool raw_ = false;           // upgraded
  bool request_sent_ = false;  // to its end
};

}  // namespace rateguard::http
