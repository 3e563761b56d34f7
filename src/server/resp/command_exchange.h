// Commands whose answers have to be waited for.
#pragma once

#include <cstddef>

#include "net/byte_buffer.h"
#include "net/tasks.h"
#include "server/resp/client.h"
#include "server/resp/command_workspace.h"
#include "server/resp/resp_api.h"

namespace rateguard::resp {

// The session whose client has asked.
class Asker {
 public:
  // The exchange has answers to send. Returns false if it has ended: the asker has then taken back its client and the
  // unhandled input, and does not use the exchange any more.
  virtual bool answers_came() = 0;
  // The exchange is no more, and answers nothing: its task was unwound.
  virtual void exchange_gone() = 0;

 protected:
  ~Asker() = default;
};

// Has bytes, buffers and the client itself, so that nothing of a connection is touched while others are served: a seat
// of RespApi's desk. On its loop's thread only.
struct CommandExchange {
  CommandExchange(server::Service& service, const server::LoopStore& store, RespCounters& counters)
      : workspace(service, store, counters) {}

  ConnectedClient client;
  net::ByteBuffer in;      // the commands
  size_t handled = 0;      // of their front
  net::ByteBuffer out;     // answers that the asker has not got yet
  Answered answered;       // what became of the bytes that these answer
  Asker* asker = nullptr;  // null: has gone, or has its client back
  net::TaskGroup task;     // that answers: for the asker to cancel as it goes
  CommandWorkspace workspace;

  ~CommandExchange();
  // Until others come.
  void rest();
};

}  // namespace rateguard::resp
