#include "server/admin/admin_api.h"

#include <memory>
#include <string_view>
#include <utility>

#include "server/admin/admin_answer.h"

namespace rateguard::admin {
namespace {

void send(const AdminAnswer& answer, http::Responder& responder) {
  responder.status(answer.status);
  for (const auto& [name, value] : answer.headers) responder.header(name, value);
  responder.body(answer.content_type, answer.body);
}

AdminAnswer busy_answer(std::string_view request_id) {
  return problem_answer({.problem = {.status = 503, .detail = "too many requests wait for the catalog"},
                         .code = "busy",
                         .headers = {{"Retry-After", "1"}}},
                        request_id);
}

}  // namespace

// A request that is being answered. Its task owns it.
struct AdminApi::Waiting final : http::ExchangeEvents {
  net::TaskGroup task;
  http::KeptExchange exchange;

  // This may be no more afterwards.
  void client_gone(http::Exchange&) override { task.cancel(); }
};

void AdminApi::handle(http::Exchange& exchange, Now now) {
  if (!loop_.tasks.has_room(net::Lane::kShort)) return send(busy_answer(ids_.next()), exchange);
  auto owned = std::make_unique<Waiting>();
  Waiting& waiting = *owned;
  waiting.exchange = exchange.keep(&waiting);
  auto work = [this, now, owned = std::move(owned)] {
    answer_kept(*owned, now);
    owned->exchange->finish();
  };
  loop_.tasks.run(net::Lane::kShort, std::move(work), &waiting.task);
}

void AdminApi::answer_kept(Waiting& waiting, Now now) {
  AdminRequest request = copied(waiting.exchange->request(), now.wall(), ids_.next());
  const std::string id = request.id;
  const std::string peer = request.peer;
  const std::string method = request.method;
  auto result = loop_.calls.call([&parts = parts_, its = std::move(request)] { return answer_admin(parts, its); });
  const AdminOutcome outcome =
      result.value ? *std::move(result.value) : AdminOutcome{.answer = busy_answer(id), .route = "unanswered"};
  send(outcome.answer, *waiting.exchange);
  Log* const log = loop_.log ? loop_.log() : nullptr;
  if (log == nullptr) return;
  log->write(LogLevel::kInfo, "admin request",
             {{"id", std::string_view(id)},
              {"peer", std::string_view(peer)},
              {"method", std::string_view(method)},
              {"route", outcome.route},
              {"status", int64_t{outcome.answer.status}},
              {"actor", std::string_view(outcome.actor)}});
}

void AdminApi::reject(const http::Rejection& rejection, Instant, http::Responder& responder) {
  send(problem_answer({.problem = {.status = rejection.status, .detail = rejection.detail, .field = rejection.field},
                       .code = "rejected"},
                      ids_.next()),
       responder);
}

}  // namespace rateguard::admin
