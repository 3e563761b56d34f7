#include "server/http/verify_body.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "model/limit.h"
#include "server/http/call.h"

namespace rateguard::http_api {
namespace {

namespace json = boost::json;

// As many as rules and scopes of one key: far more than anybody asks for at once.
constexpr size_t kNamesMax = 64;

class VerifyReader {
 public:
  VerifyReader(VerifyBody& body, std::vector<FieldError>& errors) : body_(body), errors_(errors) {}

  void read(const json::object& members) {
    for (const auto& [name, value] : members) read_member(name, value);
    if (body_.key.empty() && errors_.empty()) fail("key", "missing; expected the API key as a string");
  }

 private:
  void fail(std::string field, std::string detail) {
    if (errors_.size() < kFieldErrorsMax) errors_.push_back({.field = std::move(field), .detail = std::move(detail)});
  }

  void read_member(std::string_view name, const json::value& value) {
    if (name == "key") return take(value, "key", body_.key);
    if (name == "route") return take(value, "route", body_.route);
    if (name == "scopes") return take_list(value, "scopes", body_.scopes);
    if (name == "limits") return take_list(value, "limits", body_.limits);
    if (name == "cost") return take_cost(value);
    if (name == "facts") return read_facts(value);
    fail(clipped(name, 64), "unknown; expected key, facts, route, scopes, cost or limits");
  }

  void read_facts(const json::value& value) {
    if (!value.is_object()) return fail("facts", "expected an object");
    for (const auto& [key, member] : value.get_object()) {
      const std::string_view name = key;
      if (name == "method") {
        take(member, "facts.method", body_.method);
      } else if (name == "path") {
        take(member, "facts.path", body_.path);
      } else if (name == "host") {
        take(member, "facts.host", body_.host);
      } else if (name == "user") {
        take(member, "facts.user", body_.user);
      } else if (name == "ip") {
        take_ip(member);
      } else {
        fail("facts." + clipped(name, 64), "unknown; expected method, path, host, ip or user");
      }
    }
  }

  void take(const json::value& value, std::string_view field, std::string& to) {
    if (!value.is_string()) return fail(std::string(field), "expected a string");
    to = value.get_string();
  }

  void take_list(const json::value& value, std::string_view field, std::vector<std::string>& to) {
    if (!value.is_array() || value.get_array().size() > kNamesMax) {
      return fail(std::string(field), "expected an array of at most 64 strings");
    }
    for (const json::value& item : value.get_array()) take(item, field, to.emplace_back());
  }

  void take_cost(const json::value& value) {
    const auto cost = value.is_int64() ? signed_cost(value.get_int64()) : std::nullopt;
    if (!cost)
      return fail("cost", "expected a whole number from -9007199254740991, which gives back, to 9007199254740991");
    body_.cost = value.get_int64();
  }

  void take_ip(const json::value& value) {
    body_.ip = value.is_string() ? IpAddress::parse(value.get_string()) : std::nullopt;
    if (!body_.ip) fail("facts.ip", "expected an IP address as a string");
  }

  VerifyBody& body_;
  std::vector<FieldError>& errors_;
};

}  // namespace

std::vector<FieldError> read_verify_body(std::string_view text, VerifyBody& body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error) return {{.field = "body", .detail = "this is not valid JSON: " + error.message()}};
  if (!parsed.is_object()) return {{.field = "body", .detail = "expected an object"}};
  std::vector<FieldError> errors;
  VerifyReader(body, errors).read(parsed.get_object());
  return errors;
}

}  // namespace rateguard::http_api
