// protobuf's own log, which goes to stderr.
#pragma once

namespace rateguard::grpc {

// Nothing that protobuf says is written anywhere from now on: what it cannot parse it reports to its caller too, and a
// client could fill the log with it. For the whole process; call it before the event loops run.
void silence_protobuf();

}  // namespace rateguard::grpc
