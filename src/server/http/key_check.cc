#include "server/http/key_check.h"

namespace rateguard::http_api {
namespace {

using catalog::KeyVerdict;

constexpr std::string_view kInvalidToken = "Bearer realm=\"rateguard\", error=\"invalid_token\"";

struct KeyWords {
  int status;
  std::string_view detail;
};

KeyWords words_of(KeyVerdict verdict) {
  switch (verdict) {
    case KeyVerdict::kMissing:
      return {401, "this needs an API key: Authorization: Bearer KEY, or X-API-Key: KEY"};
    case KeyVerdict::kRevoked:
      return {401, "this API key has been revoked"};
    case KeyVerdict::kExpired:
      return {401, "this API key has expired"};
    case KeyVerdict::kSuspended:
      return {403, "the workspace of this API key is suspended"};
    case KeyVerdict::kWrongNetwork:
      return {403, "this API key is not for this client's address"};
    case KeyVerdict::kWrongRoute:
      return {403, "this API key is not for this route"};
    case KeyVerdict::kMissingScope:
      return {403, "this API key lacks a scope that is asked for"};
    case KeyVerdict::kCatalogFailure:
      return {503, "API keys cannot be looked up at present; try again"};
    default:
      return {401, "this API key is not valid"};
  }
}

}  // namespace

KeyLookup look_up_key(Workspace& workspace, RequestFacts& facts, CallerRoom& room, Now now) {
  if (!workspace.looks_up_keys) return KeyLookup::kDone;
  const identify::Identifier& identifier = *workspace.decider.policy().identifier;
  const std::string_view key = identifier.shown_key(facts, now);
  if (key.empty()) return KeyLookup::kDone;  // what a rule counts by and the request lacks, the rule decides about
  const catalog::KeyUseAsked asked{.wall = now.wall(),
                                   .address = identify::client_address(facts, identifier.settings().trusted_proxies)};
  const KeyLookup lookup = look_up_key(workspace, key, asked, room, now);
  if (lookup == KeyLookup::kDone) facts.caller = &room.caller;
  return lookup;
}

KeyLookup look_up_key(Workspace& workspace, std::string_view key, const catalog::KeyUseAsked& asked, CallerRoom& room,
                      Now now) {
  auto found = workspace.keys->find(key, now, workspace.may_wait_in);
  if (!found) return KeyLookup::kMustWait;
  room.found = *std::move(found);
  if (room.found.verdict == KeyVerdict::kValid) room.found.verdict = judge(*room.found.key, asked);
  if (room.found.verdict != KeyVerdict::kValid) return KeyLookup::kRefused;
  room.caller = room.found.key->caller();
  return KeyLookup::kDone;
}

void note_lookup(Workspace& workspace, const CallerRoom& room, Now now) {
  if (room.found.verdict == KeyVerdict::kMissing) return;  // none was looked up
  if (room.found.verdict != KeyVerdict::kValid) return workspace.keys->count_refusal(room.found.verdict);
  workspace.keys->note_use(room.found, now);
}

Problem key_problem(KeyVerdict verdict) {
  const KeyWords words = words_of(verdict);
  return {.status = words.status,
          .detail = std::string(words.detail),
          .field = "api_key",
          .code = catalog::to_string(verdict)};
}

bool goes_on(ApiCall& call, KeyLookup lookup, const CallerRoom& room) {
  if (lookup == KeyLookup::kMustWait) {
    call.must_wait();
    return false;
  }
  note_lookup(call.workspace, room, call.now);
  if (lookup == KeyLookup::kRefused) refuse_key(call, room.found.verdict);
  return lookup == KeyLookup::kDone;
}

void refuse_key(ApiCall& call, KeyVerdict verdict) {
  const Problem problem = key_problem(verdict);
  if (problem.status == 401) {
    return call.respond_problem(problem, {{"WWW-Authenticate", kInvalidToken}, {"Cache-Control", "no-store"}});
  }
  if (problem.status == 503) return call.respond_problem(problem, {{"Retry-After", "1"}});
  call.respond_problem(problem, {{"Cache-Control", "no-store"}});
}

}  // namespace rateguard::http_api
