#include "http/client/blocking_client.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>

namespace rateguard::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// Runs what was started until its handler has set `error`.
template <typename Start>
boost::system::error_code step(asio::io_context& context, beast::tcp_stream& stream, Duration patience, Start start) {
  boost::system::error_code result;
  stream.expires_after(std::chrono::microseconds(patience.us));
  start([&result](boost::system::error_code error, auto&&...) { result = error; });
  context.restart();
  context.run();
  return result;
}

http::request<http::string_body> wire_request(const std::string& host, const ClientRequest& request) {
  http::request<http::string_body> wire;
  wire.method_string(request.method);
  wire.target(request.target);
  wire.version(11);
  wire.set(http::field::host, host);
  wire.set(http::field::connection, "close");
  if (!request.content_type.empty()) wire.set(http::field::content_type, request.content_type);
  if (!request.bearer_token.empty()) wire.set(http::field::authorization, "Bearer " + request.bearer_token);
  wire.body() = request.body;
  wire.prepare_payload();
  return wire;
}

}  // namespace

Result<ClientAnswer> ask(const std::string& host, uint16_t port, const ClientRequest& request, Duration patience) {
  const auto failed = [&](std::string_view what, const boost::system::error_code& error) {
    return fail(ErrorCode::kUnavailable, fmt::format("cannot {} {}:{}: {}", what, host, port, error.message()));
  };
  asio::io_context context;
  boost::system::error_code error;
  const auto addresses = asio::ip::tcp::resolver(context).resolve(host, std::to_string(port), error);
  if (error) return failed("find", error);

  beast::tcp_stream stream(context);
  error = step(context, stream, patience, [&](auto done) { stream.async_connect(addresses, done); });
  if (error) return failed("connect to", error);

  const auto wire = wire_request(host, request);
  error = step(context, stream, patience, [&](auto done) { http::async_write(stream, wire, done); });
  if (error) return failed("send to", error);

  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  error = step(context, stream, patience, [&](auto done) { http::async_read(stream, buffer, response, done); });
  if (error) return failed("read the answer of", error);
  return ClientAnswer{.status = static_cast<int>(response.result_int()), .body = std::move(response.body())};
}

}  // namespace rateguard::http
