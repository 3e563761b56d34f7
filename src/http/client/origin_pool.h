// The connections to one origin, and the calls that wait for one of them.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "http/client/call.h"
#include "http/client/client.h"
#include "http/client/client_connection.h"

namespace rateguard::http {

class OriginPool {
 public:
  OriginPool(Client& client, std::shared_ptr<const Origin> origin) : client_(client), origin_(std::move(origin)) {}

  Client& client() { return client_; }
  const Origin& origin() const { return *origin_; }

  // A new call, or one that is to be repeated.
  void admit(Call& call);
  void repeat(Call& call);
  // Removes a call that waits no more.
  void forget(Call& call);
  // Gives waiting calls to connections that have room, and opens more if there is none.
  void assign();
  // For its connections: one has opened, or has room again.
  void has_room() { client_.queue(*this); }
  // The connection could not be opened. Calls that no other connection will serve fail.
  void not_opened(ClientConnection& connection, CallEnd end, const Error& error);
  // Removes a connection that has ended. It is freed when it cannot be on the call stack any more.
  void remove(ClientConnection& connection);
  // Closes all kept connections: one of them turned out to be closed by the server, so the others may be, too.
  void close_kept();
  // Whether the server is known to speak HTTP/2.
  void learn_http2() { speaks_http2_ = true; }
  // Closes everything, because the client is being destroyed.
  void abandon();
  bool is_empty() const { return waiting_.empty() && connections_.empty(); }

  bool is_queued = false;  // the client's own mark

 private:
  ClientConnection* with_room(const Call& call) const;
  void open(Protocols protocols);
  size_t opening() const;

  Client& client_;
  std::shared_ptr<const Origin> origin_;
  std::deque<Call*> waiting_;
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  bool speaks_http2_ = false;
};

}  // namespace rateguard::http
