// The catalog behind the admin API, wherever that is answered.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/catalog_store.h"
#include "model/instant.h"
#include "net/settings/endpoint.h"

namespace rateguard::app {

struct CatalogRequest {
  std::string method = "GET";
  std::string target = {};  // "/v1/keys?limit=10"
  std::string body = {};    // JSON; empty: none
  int64_t version = 0;      // that the record must have; 0: any
};

// An answer that was no refusal.
struct CatalogReply {
  int status = 200;
  std::string text = {};         // the API's own envelope, or nothing with 204
  boost::json::value json = {};  // the same, read; null with 204

  // "data" of the envelope. REQUIRES: there is one.
  const boost::json::value& data() const { return json.at("data"); }
};

// The text of a member of what the API shows; empty if there is none, or it is no text.
std::string member_text(const boost::json::object& shown, std::string_view member);

// Used by one thread. Every call blocks.
class CatalogService {
 public:
  virtual ~CatalogService() = default;

  // Errors: kNotFound, kInvalid for what the API refuses, in
  // its own words and with ErrorSource::kPeer; kUnavailable if it cannot be asked.
  virtual Result<CatalogReply> ask(const CatalogRequest& request) = 0;

  // The catalog itself, where several changes are to be made together or not at all; null: a server has it.
  virtual catalog::CatalogStore* store() { return nullptr; }
  // Who makes such changes, for the audit log.
  virtual catalog::Actor actor() const { return {}; }
  virtual Instant now() const = 0;
};

// Straight on a catalog, as its owner. `user` is who types, for the audit log.
std::unique_ptr<CatalogService> local_catalog(std::unique_ptr<catalog::CatalogStore> store, std::string user,
                                              std::function<Instant()> now);
// One that is not there yet: it has no records, and takes none.
std::unique_ptr<CatalogService> empty_catalog(std::function<Instant()> now);
// At a running server. `token` is an admin token.
std::unique_ptr<CatalogService> remote_catalog(net::Endpoint server, std::string token, std::function<Instant()> now);

}  // namespace rateguard::app
