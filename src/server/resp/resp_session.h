// One connection that speaks the Redis protocol: commands in, replies out.
#pragma once

#include <span>
#include <string_view>

#include "net/connection.h"
#include "net/connection_host.h"
#include "server/resp/client.h"
#include "server/resp/command_exchange.h"
#include "server/resp/resp_api.h"

namespace rateguard::resp {

// Shared by the sessions of one server.
struct RespSessionContext {
  RespApi& api;
  size_t output_bytes_max = 0;
};

class RespSession final : public net::Connection, private Asker {
 public:
  RespSession(net::ConnectionHost& host, RespSessionContext& context, int descriptor, const IpAddress& peer);
  ~RespSession() override;

 private:
  void opened() override;
  void read_input() override;
  void output_gone() override;
  void drain_open() override;
  void closed() override;
  bool answers_came() override;
  void exchange_gone() override { exchange_ = nullptr; }

  void handle_input(std::span<char> input);
  void hand_over(std::span<char> input);
  void send_answers(const Answered& answered, std::string_view bytes, size_t bytes_left);
  void keep(std::span<char> input, size_t handled);
  void arm_for_input();

  RespSessionContext& context_;
  ConnectedClient client_;
  CommandExchange* exchange_ = nullptr;  // has client_ and all input until its commands are answered; null: none
  size_t wanted_ = 1;                    // of in_, before it is worth looking at again
  bool command_ended_ = false;           // in the input being handled
};

}  // namespace rateguard::resp
