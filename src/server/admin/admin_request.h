// A request of the admin API and its answer as values: they outlive the connection, since threads that may block make
// one from the other.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/exchange.h"
#include "model/instant.h"
#include "server/http/problem.h"

namespace rateguard::admin {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct AdminRequest {
  std::string method = {};
  std::string path = {};  // still percent-encoded
  std::string query = {};
  std::string body = {};
  HeaderList headers = {};  // as they came
  std::string peer = {};    // the address of the other end
  std::string id = {};      // for the log, the audit log and the answer
  Instant now = {};         // by the wall clock

  // The value of the first field of that name, compared without case; empty if there is none.
  std::string_view header(std::string_view name) const;
};

// Copies what is needed of `request`. `id` is used where the request has none of its own.
AdminRequest copied(const http::Request& request, Instant now, std::string_view id);

struct AdminAnswer {
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  HeaderList headers = {};
};

// What an answer's "pagination" says. Only lists have it.
struct PageEnd {
  std::string next_cursor = {};  // empty: this was the last page
};

// What a route found or did, before it is put into its envelope.
struct AdminReply {
  int status = 200;
  std::string data = {};  // JSON; empty with 204 alone
  bool is_list = false;
  PageEnd page = {};
  std::string etag = {};  // with its quotes; empty: none
  HeaderList headers = {};
};

// Why a request was refused: a problem document, and what else its answer says.
struct AdminRefusal {
  http_api::Problem problem = {};
  std::string code = {};  // in one word, for programs: "stale", "csrf"
  HeaderList headers = {};
};

template <typename T>
using AdminResult = std::expected<T, AdminRefusal>;

// A refusal for one field, or for a part of the request ("body", "path", "If-Match").
std::unexpected<AdminRefusal> refused(int status, std::string code, std::string detail, std::string field = {});

}  // namespace rateguard::admin
