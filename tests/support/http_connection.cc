#include "support/http_connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>

namespace rateguard::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {
// A read that takes this long has failed; generous, for sanitizers on a loaded machine.
constexpr timeval kReadDeadline{.tv_sec = 60, .tv_usec = 0};
}  // namespace

struct HttpConnection::State {
  asio::io_context context;
  asio::ip::tcp::socket socket{context};
  boost::beast::flat_buffer buffer;
};

HttpConnection::HttpConnection(uint16_t port) : state_(std::make_unique<State>()) {
  boost::system::error_code ignored;
  state_->socket.connect({asio::ip::address_v4::loopback(), port}, ignored);
  state_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  setsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &kReadDeadline, sizeof kReadDeadline);
}

HttpConnection::~HttpConnection() = default;

HttpAnswer HttpConnection::get(const std::string& target, const std::vector<std::string>& headers) {
  return send("GET", target, {}, headers);
}

HttpAnswer HttpConnection::post(const std::string& target, const std::string& body,
                                const std::vector<std::string>& headers) {
  return send("POST", target, body, headers);
}

HttpAnswer HttpConnection::send(const std::string& method, const std::string& target, const std::string& body,
                                const std::vector<std::string>& headers) {
  std::string bytes = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const std::string& header : headers) bytes += header + "\r\n";
  if (method != "GET" && method != "HEAD") {
    bytes += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  }
  write_raw(bytes + "\r\n" + body);
  return read_answer();
}

void HttpConnection::write_raw(const std::string& bytes) {
  boost::system::error_code ignored;  // a peer that has closed shows when the answer is read
  asio::write(state_->socket, asio::buffer(bytes), ignored);
}

HttpAnswer HttpConnection::read_answer() {
  http::response_parser<http::string_body> parser;
  parser.body_limit(64 * 1024 * 1024);
  boost::system::error_code error;
  // A read with a timeout is interrupted when the process is stopped and goes on (signal(7)).
  do {
    http::read(state_->socket, state_->buffer, parser, error);
  } while (error == asio::error::interrupted);
  if (error) return {.headers = {}, .body = {}, .problem = error.message()};
  HttpAnswer answer{
      .status = static_cast<int>(parser.get().result_int()), .headers = {}, .body = parser.get().body(), .problem = {}};
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers[name] = std::string(field.value());
  }
  return answer;
}

bool HttpConnection::closed_by_peer() {
  char byte = 0;
  boost::system::error_code error;
  do {
    state_->socket.read_some(asio::buffer(&byte, 1), error);
  } while (error == asio::error::interrupted);
  return error == asio::error::eof || error == asio::error::connection_reset;
}

}  // namespace rateguard::test
