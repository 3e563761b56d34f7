#include "server/http/service.h"

#include "server/http/routes.h"

namespace rateguard::http {

Service::Service(Store& counters) : store(counters) {
  metrics.labels = &rule_labels;
  metrics.routes = route_labels();
}

}  // namespace rateguard::http
