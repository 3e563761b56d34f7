// The combined result of several logs.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "simulate/log_part.h"
#include "simulate/log_reader.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

class LogSummaries {
 public:
  // Both outlive this.
  LogSummaries(const ReadOptions& options, Recording& out) : options_(options), out_(out) {}

  // The next log, once all its requests are in the recording. A log that could not be read is named in the summary.
  // Errors: kExhausted.
  Result<void> add(LogPart log, Result<void> read);
  // Errors: those of the first log, if none could be read.
  Result<ReadSummary> finish();

 private:
  const ReadOptions& options_;
  Recording& out_;
  ReadSummary summary_;
  std::optional<Error> first_error_;
  size_t failed_ = 0;
};

// Reserves memory in a recording for all requests, and a little more, once enough is read for an estimate: growing step
// by step would copy everything several times.
class RoomGuess {
 public:
  // `total` bytes will be read; 0 if unknown.
  RoomGuess(const ReadOptions& options, uint64_t total) : options_(options), total_(total) {}

  // `out` has the requests of the first `done` bytes.
  void make(Recording& out, uint64_t done);

 private:
  const ReadOptions& options_;
  uint64_t total_;
  bool guessed_ = false;
};

}  // namespace rateguard::simulate
