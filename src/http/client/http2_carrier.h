// HTTP/2 (RFC 9113), the client's side, on nghttp2: many calls at once on a connection.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/client/carrier.h"

struct nghttp2_session;

namespace rateguard::http {

class Http2Carrier final : public Carrier {
 public:
  explicit Http2Carrier(ClientConnection& connection);
  ~Http2Carrier() override;

  size_t room() const override;
  size_t under_way() const override { return calls_.size(); }
  bool can_upgrade() const override { return false; }
  void begin(Call& call) override;
  void content_changed(Call& call) override;
  // Content that has left the call is bounded for all calls of a connection together.
  size_t waiting_bytes(const Call&) const override { return 0; }
  uint64_t sent_bytes() const override;
  void call_is_late(Call& call) override;
  void consumed(Call& call, size_t bytes) override;
  void cancel(Call& call) override;
  void turn() override;
  void input(std::span<char> bytes) override;
  void closed(net::StreamEnd end, const Error& error) override;
  void abandon() override;

 private:
  friend struct Http2CarrierCallbacks;

  void submit(Call& call);
  void reset(Call& call, uint32_t error_code);
  void take_field(Call& call, std::string_view name, std::string_view value);
  void take_head(Call& call);
  void take_piece(Call& call, std::string_view bytes);
  void complete(Call& call);
  void lost(Call& call, uint32_t error_code);
  size_t read_content(Call& call, std::span<uint8_t> into);
  void refuse(Call& call, std::string_view why);
  void broken(std::string_view why);
  void send_frames();
  void tell_sent();
  // Removes the call from the connection.
  void let_go(Call& call);

  nghttp2_session* session_ = nullptr;
  std::vector<Call*> calls_;
  std::vector<Call*> sent_;  // some of whose content was taken; null: gone since
  uint64_t reads_ = 0;
  bool failed_ = false;
};

}  // namespace rateguard::http
