// What the sessions of one server share: parsers and exchanges for the next requests.
#include <utility>

#include "http/http1/session.h"

namespace rateguard::http {
namespace {

// Unused parsers to keep: more than a loop uses at once, unless many clients are slow at the same time.
constexpr size_t kParsersAtRest = 64;

}  // namespace

Http1SessionContext::Http1SessionContext(Handler& its_handler, const ServerOptions& its_options, ServerStats& its_stats)
    : handler(its_handler), options(its_options), stats(its_stats), streams(its_handler.streams()) {}

std::unique_ptr<Http1Parser> Http1SessionContext::take_parser() {
  if (parsers.empty()) {
    const auto after_head = streams ? Http1Parser::AfterHead::kPause : Http1Parser::AfterHead::kGoOn;
    return std::make_unique<Http1Parser>(options.limits, after_head);
  }
  std::unique_ptr<Http1Parser> parser = std::move(parsers.back());
  parsers.pop_back();
  return parser;
}

void Http1SessionContext::give_parser(std::unique_ptr<Http1Parser> parser) {
  if (!parser || parsers.size() >= kParsersAtRest) return;
  parser->reset();
  parsers.push_back(std::move(parser));
}

std::unique_ptr<Http1Exchange> Http1SessionContext::take_exchange() {
  if (exchanges.empty()) return std::make_unique<Http1Exchange>();
  std::unique_ptr<Http1Exchange> exchange = std::move(exchanges.back());
  exchanges.pop_back();
  return exchange;
}

}  // namespace rateguard::http
