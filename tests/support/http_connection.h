// A foreign HTTP/1.1 client for tests: one blocking loopback connection, Boost.Beast for the framing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rateguard::test {

struct HttpAnswer {
  int status = 0;                              // 0: the connection ended before an answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string problem;  // of the connection; empty: answered
};

class HttpConnection {
 public:
  explicit HttpConnection(uint16_t port);
  ~HttpConnection();

  HttpAnswer get(const std::string& target, const std::vector<std::string>& headers = {});
  HttpAnswer post(const std::string& target, const std::string& body, const std::vector<std::string>& headers = {});
  // `headers` are whole fields: "X-Api-Key: k".
  HttpAnswer send(const std::string& method, const std::string& target, const std::string& body,
                  const std::vector<std::string>& headers = {});

  // Bytes as they are, and the next answer on the connection.
  void write_raw(const std::string& bytes);
  HttpAnswer read_answer();
  // Whether the peer closes the connection within the deadline.
  bool closed_by_peer();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rateguard::test
