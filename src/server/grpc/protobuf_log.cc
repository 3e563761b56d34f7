#include "server/grpc/protobuf_log.h"

#include <google/protobuf/stubs/logging.h>

namespace rateguard::grpc {

void silence_protobuf() {
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace rateguard::grpc
