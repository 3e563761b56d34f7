// For tests: a client that speaks bytes.
#pragma once

#include <sys/socket.h>

#include <string>
#include <utility>

#include "net/byte_client_testing.h"

namespace rateguard::resp {

// A blocking connection. Waits at most ten seconds for anything.
class BlockingConnection : public net::ByteClient {
 public:
  using net::ByteClient::ByteClient;

  // `size` bytes, or fewer if the connection ends first.
  std::string read(size_t size) {
    std::string got(size, '\0');
    size_t have = 0;
    while (have < size) {
      const ssize_t received = TEMP_FAILURE_RETRY(::recv(descriptor(), got.data() + have, size - have, 0));
      if (received <= 0) break;
      have += static_cast<size_t>(received);
    }
    got.resize(have);
    return got;
  }
  // Everything until the connection ends.
  std::string read_to_end() {
    std::string all;
    char block[16'384];
    for (ssize_t got = 0; (got = TEMP_FAILURE_RETRY(::recv(descriptor(), block, sizeof block, 0))) > 0;) {
      all.append(block, static_cast<size_t>(got));
    }
    return all;
  }
  // Ends it so that the server is told at once.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    const BlockingConnection gone = std::move(*this);
  }
};

}  // namespace rateguard::resp
