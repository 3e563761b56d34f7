#include "server/admin/random_requests_testing.h"

#include <array>
#include <boost/json/value.hpp>
#include <charconv>
#include <string_view>

namespace rateguard::admin {
namespace {

constexpr std::array<std::string_view, 8> kCollections = {"workspaces", "plans",   "keys",    "rules",
                                                          "prices",     "budgets", "members", "alert-channels"};

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

}  // namespace

std::string RandomRequests::some_id(std::string_view collection) {
  if (made_.empty() || one_in(30)) return "ws_none";
  for (int tries = 0; tries < 40; ++tries) {
    const int newest = static_cast<int>(made_.size()) - 1;
    const int number = one_in(4) ? below(newest + 1) : newest - below(std::min(newest + 1, 100));
    if (made_[static_cast<size_t>(number)] == collection || one_in(40)) return '{' + std::to_string(number) + '}';
  }
  return "ws_none";
}

std::string RandomRequests::some_name() {
  return "n" + std::to_string(below(400));
}

std::string RandomRequests::body(const std::string& collection) {
  std::string out = "{";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (out.size() > 1) out += ',';
    out += in_quotes(name) + ':' + value;
  };
  const std::string name = some_name();
  if (!one_in(12) && collection != "prices") add("name", in_quotes(name));
  if (one_in(15)) add("nmae", "1");
  if (one_in(10)) add("state", one_in(2) ? in_quotes("suspended") : in_quotes("asleep"));
  if (collection == "workspaces" || collection == "plans") {
    if (one_in(3)) add("limits", R"({"chat":")" + std::to_string(below(3)) + "/m\"}");
    if (one_in(3)) add("metadata", R"({"a":"b"})");
  }
  if (collection == "workspaces" && one_in(2)) add("plan_id", in_quotes(some_id("plans")));
  if (collection == "keys") {
    add("workspace_id", in_quotes(some_id("workspaces")));
    // Imported, so that nothing of it is random.
    add("sha256", in_quotes(std::string(61, 'a') + std::to_string(100 + below(800))));
    if (one_in(3)) add("plan_id", one_in(3) ? "null" : in_quotes(some_id("plans")));
    if (one_in(4)) add("allowed_networks", R"(["10.0.0.0/)" + std::to_string(below(40)) + "\"]");
  }
  if (collection == "rules")
    add("definition", "{\"name\":" + in_quotes(one_in(5) ? "x" : name) + R"(,"per":"ip","limit":"5/m"})");
  if (collection == "prices") {
    add("provider", in_quotes("p" + std::to_string(below(3))));
    add("model", in_quotes("m" + std::to_string(below(40))));
    add("starts_at", in_quotes("2026-01-0" + std::to_string(1 + below(4)) + "T00:00:00Z"));
    add("input_pico_dollars", std::to_string(below(100) - 5));
    if (!one_in(6)) add("output_pico_dollars", "5");
  }
  if (collection == "budgets") {
    add("amount", std::to_string(below(20)));
    if (one_in(2)) add("workspace_id", in_quotes(some_id("workspaces")));
  }
  if (collection == "members") {
    add("email", in_quotes("m" + std::to_string(below(400)) + "@Example.com"));
    add("role", in_quotes(one_in(2) ? "viewer" : "billing"));
    if (one_in(2)) add("workspace_id", in_quotes(some_id("workspaces")));
  }
  if (collection == "alert-channels") {
    add("channel", in_quotes("webhook"));
    add("target", in_quotes("https://a.example"));
  }
  return out + '}';
}

HeaderList RandomRequests::some_headers(bool is_change) {
  HeaderList headers;
  if (is_change && !one_in(12)) {
    headers.emplace_back("If-Match", one_in(2) ? "*" : in_quotes(std::to_string(1 + below(3))));
  }
  if (one_in(4)) headers.emplace_back("Idempotency-Key", "k" + std::to_string(below(60)));
  return headers;
}

RandomRequest RandomRequests::next() {
  const std::string collection(kCollections[static_cast<size_t>(below(static_cast<int>(kCollections.size())))]);
  const std::string path = "/v1/" + collection;
  const std::string limits = one_in(2) ? "/v1/plans/" + some_id("plans") : "/v1/workspaces/" + some_id("workspaces");
  switch (below(12)) {
    case 0:
      return {"GET", path + "?limit=" + std::to_string(1 + below(20)), {}, {}};
    case 1:
      return {"GET", path + '/' + some_id(collection), {}, {}};
    case 2:
      return {"GET", "/v1/audit-log?limit=5", {}, {}};
    case 3:
      return {"GET", "/v1/keys/" + some_id("keys") + (one_in(2) ? "/effective-rules" : "/propagation"), {}, {}};
    case 4:
      return {"DELETE", path + '/' + some_id(collection), {}, some_headers(true)};
    case 5:
    case 6:
      return {"PATCH", path + '/' + some_id(collection), body(collection), some_headers(true)};
    case 7:
      return {"POST", "/v1/keys/" + some_id("keys") + "/revoke", {}, some_headers(false)};
    case 8:
      return {one_in(3) ? "DELETE" : "PUT", limits + "/limits/" + (one_in(2) ? "chat" : some_name()),
              R"({"limit":")" + std::to_string(below(4)) + "/m\"}", some_headers(true)};
    default:
      RandomRequest creation = {"POST", path, body(collection), some_headers(false)};
      made_.push_back(collection);
      return creation;
  }
}

std::string RequestPlayer::with_ids(std::string text) const {
  for (size_t open = 0; (open = text.find('{', open)) != std::string::npos; ++open) {
    const size_t end = text.find('}', open);
    size_t number = 0;
    const auto parsed = std::from_chars(text.data() + open + 1, text.data() + text.size(), number);
    if (end == std::string::npos || parsed.ptr != text.data() + end) continue;
    const std::string& id = number < ids_.size() ? ids_[number] : std::string();
    text.replace(open, end + 1 - open, id.empty() ? "ws_none" : id);
  }
  return text;
}

std::string RequestPlayer::without_ids(std::string text) const {
  for (size_t i = 0; i < ids_.size(); ++i) {
    if (ids_[i].empty()) continue;
    for (size_t at = 0; (at = text.find(ids_[i], at)) != std::string::npos;) {
      text.replace(at, ids_[i].size(), '{' + std::to_string(i) + '}');
    }
  }
  return text;
}

std::string RequestPlayer::play(const RandomRequest& request) {
  admin_.now.us += 1'000;
  const ReadAnswer answer =
      admin_.ask(request.method, with_ids(request.target), with_ids(request.body), request.headers);
  const bool is_creation = request.method == "POST" && !request.target.ends_with("/revoke");
  if (is_creation) ids_.push_back(answer.status() == 201 ? answer.text("id") : std::string());
  std::string text = without_ids(answer.answer.body);
  // A kept answer of an earlier creation gives the same id again: it is the earlier one's.
  return std::to_string(answer.status()) + ' ' + answer.header("ETag") + ' ' + answer.header("Idempotent-Replayed") +
         ' ' + std::move(text);
}

}  // namespace rateguard::admin
