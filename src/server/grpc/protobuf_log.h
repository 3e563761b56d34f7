// protobuf's own log, which goes to stderr.
#pragma once

namespace rateguard::grpc {

// Silences protobuf's log: protobuf reports parse errors to its caller too, and a client could fill the log with them.
// For the whole process; call it before the event loops run.
void silence_protobuf();

}  // namespace rateguard::grpc
