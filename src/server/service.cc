#include "server/service.h"

namespace rateguard::server {

Service::Service(Store& counters) : store(counters) {
  metrics.labels = &rule_labels;
  metrics.descriptor_labels = &descriptor_labels;
}

}  // namespace rateguard::server
