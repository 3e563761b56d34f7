// What a store in this process holds: the figures of a scrape.
#pragma once

#include <string>

#include "metrics/source.h"
#include "store/store.h"

namespace rateguard::server {

class StoreSource final : public metrics::Source {
 public:
  // `name` as the configuration calls it. `store` outlives this.
  StoreSource(std::string name, const Store& store) : name_(std::move(name)), store_(store) {}

  void report(metrics::Writer& out) const override;

 private:
  const std::string name_;
  const Store& store_;
};

}  // namespace rateguard::server
