// The API key that a request shows, looked up in the catalog before anything is decided.
#pragma once

#include <cstdint>
#include <string_view>

#include "catalog/cache/key_verdict.h"
#include "model/known_caller.h"
#include "model/request_facts.h"
#include "server/http/call.h"
#include "server/http/problem.h"
#include "server/keys/key_finder.h"

namespace rateguard::http_api {

// A caller while its request is decided; RequestFacts::caller points here.
struct CallerRoom {
  server::FoundKey found = {};
  KnownCaller caller = {};
};

enum class KeyLookup : uint8_t {
  kDone,      // the facts have their caller, or no key is shown, or none is looked up
  kRefused,   // `room.found.verdict` says why
  kMustWait,  // call.must_wait()
};

// Looks up the key that the facts show, and fills in their caller.
KeyLookup look_up_key(Workspace& workspace, RequestFacts& facts, CallerRoom& room, Now now);
// The same for a key that is named apart from the facts.
KeyLookup look_up_key(Workspace& workspace, std::string_view key, const catalog::KeyUseAsked& asked, CallerRoom& room,
                      Now now);

// Counts what came of a lookup, once: a refusal, or a use of the key.
void note_lookup(Workspace& workspace, const CallerRoom& room, Now now);

// 401, 403 or 503, with the verdict's code. What a stranger may have guessed is answered in the same words.
Problem key_problem(catalog::KeyVerdict verdict);
// Whether the call goes on; otherwise it has been answered, or waits. Notes the lookup.
bool goes_on(ApiCall& call, KeyLookup lookup, const CallerRoom& room);
// Answers a refusal.
void refuse_key(ApiCall& call, catalog::KeyVerdict verdict);

}  // namespace rateguard::http_api
