#include "simulate/parallel_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "simulate/log_part.h"
#include "simulate/log_summaries.h"
#include "simulate/logs/byte_source.h"

namespace rateguard::simulate {
namespace {

// Requests that are handed over at once, of logs that are not cut into pieces; they take 4 MB.
constexpr size_t kRequestsAtOnce = 128 * 1024;
// Pieces that may be read before those in front of them are taken up, for each thread.
constexpr size_t kAheadPerJob = 2;
// What a thread has read is told apart by tables of its own, which it begins again once they hold that many texts: each
// takes some 100 bytes, as much again as in the recording that all threads read for.
constexpr size_t kTextsPerThreadMax = 256 * 1024;
// Where requests are not kept, what waits to be taken up would only fill memory: there the pieces are smaller, fewer of
// one log wait, and no more threads read than the caller that takes the requests one by one can follow.
constexpr uint64_t kPartOfPiece = 4;
constexpr size_t kHandedOverMax = 4;
constexpr uint32_t kJobsMaxOneByOne = 4;

uint64_t piece_bytes(const ReadOptions& options) {
  return options.each ? options.piece_bytes / kPartOfPiece : options.piece_bytes;
}

size_t requests_at_once(const ReadOptions& options) {
  return options.each ? kRequestsAtOnce / kPartOfPiece : kRequestsAtOnce;
}

uint32_t jobs(const ReadOptions& options) {
  return options.each ? std::min(options.jobs, kJobsMaxOneByOne) : options.jobs;
}

// What one thread reads into, of one log: where a log ends early, what was read of it beyond is dropped, and the texts
// in that are not appended.
struct LogShare {
  size_t log = 0;
  Recording recording = {};
  AppendedTexts appended = {};  // the calling thread's
};

// A log, or a piece of one: what one thread reads in one go.
struct Piece {
  size_t log = 0;                                       // its index
  std::optional<ByteSource::Part> part = {};            // none: the whole log
  std::shared_ptr<const DetectedFormat> detected = {};  // of a part
  bool is_first = true;                                 // of its log

  // What the thread that reads hands over to the calling one.
  struct Requests {
    std::shared_ptr<LogShare> source = {};  // of whose recording it is a part
    RecordingPart part = {};
    std::unique_ptr<Recording> one_by_one = {};  // instead, where requests are not kept
    uint64_t bytes = 0;                          // that were read of the file for them

    size_t size() const { return one_by_one ? one_by_one->size() : part.events.size(); }
  };
  std::deque<Requests> requests = {};
  std::optional<std::pair<LogPart, Result<void>>> finished = {};
};

// Where the first line begins at or after `at`; UINT64_MAX where the file ends before that.
uint64_t line_begin_after(int fd, uint64_t at) {
  std::array<char, 64 * 1024> bytes;
  for (uint64_t from = at - 1;;) {
    const ssize_t got = pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(from));
    if (got <= 0) return UINT64_MAX;
    const auto size = static_cast<size_t>(got);
    if (const void* found = std::memchr(bytes.data(), '\n', size)) {
      return from + static_cast<uint64_t>(static_cast<const char*>(found) - bytes.data()) + 1;
    }
    from += size;
  }
}

// The pieces of a plain file; the last one goes on to wherever the file ends by then.
std::vector<ByteSource::Part> cut_at_lines(const std::string& path, uint64_t bytes_each) {
  std::vector<ByteSource::Part> parts = {{}};
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return parts;
  struct stat info = {};
  const uint64_t size = fstat(fd, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
  while (parts.back().begin + bytes_each < size) {
    const uint64_t next = line_begin_after(fd, parts.back().begin + bytes_each);
    if (next >= size) break;
    parts.back().end = next;
    parts.push_back({.begin = next});
  }
  close(fd);
  return parts;
}

// Cuts a log into pieces where its lines can be read wherever one begins.
void plan(const std::string& path, size_t log, const ReadOptions& options, std::deque<Piece>& out) {
  const auto whole = [&] { out.push_back({.log = log}); };
  auto source = ByteSource::open(path);
  if (!source || source->bytes_total() <= piece_bytes(options)) return whole();
  LineReader lines([&](char* bytes, size_t size) { return source->read(bytes, size); });
  const std::string_view head = lines.head();
  if (!source->is_plain() || head.find_first_not_of(" \t\r\n") == std::string_view::npos) return whole();
  auto detected = choose_format(head, path, options);
  if (!detected || !lines_stand_alone(*detected, options)) return whole();
  const auto shared = std::make_shared<const DetectedFormat>(std::move(*detected));
  bool is_first = true;
  for (const ByteSource::Part& part : cut_at_lines(path, piece_bytes(options))) {
    out.push_back({.log = log, .part = part, .detected = shared, .is_first = std::exchange(is_first, false)});
  }
}

class Readers {
 public:
  Readers(std::span<const std::string> paths, const ReadOptions& options) : paths_(paths), options_(options) {
    for (size_t log = 0; log < paths.size(); ++log) plan(paths[log], log, options, pieces_);
    const size_t threads = std::min<size_t>(jobs(options), pieces_.size());
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { read_pieces(); });
  }
  ~Readers() {
    {
      const HeldLock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  // What the next piece that is to be taken up hands over, in order; no recording once it is finished, which `finished`
  // then has. REQUIRES: there is such a piece.
  Piece::Requests take(std::optional<std::pair<LogPart, Result<void>>>& finished) {
    Piece::Requests taken;
    {
      const HeldLock lock(mutex_);
      Piece& piece = pieces_[taking_];
      while (piece.requests.empty() && !piece.finished) changed_.wait(mutex_);
      if (!piece.requests.empty()) {
        taken = std::move(piece.requests.front());
        piece.requests.pop_front();
        waiting_ -= taken.size();
      } else {
        finished = std::move(piece.finished);
        ++taking_;
      }
    }
    changed_.notify_all();
    return taken;
  }
  bool has_more() const { return taking_ < pieces_.size(); }
  // Of the piece that take() is at.
  size_t log() const { return pieces_[taking_].log; }

 private:
  // What each thread does.
  void read_pieces() {
    std::shared_ptr<LogShare> source;
    while (Piece* const piece = begin_next()) {
      auto finished = read(*piece, source);
      {
        const HeldLock lock(mutex_);
        piece->finished = std::move(finished);
      }
      changed_.notify_all();
    }
  }

  // The next piece to read, once not too many read pieces wait to be taken. Null if none is left, or once stopped_ is
  // set.
  Piece* begin_next() {
    const size_t ahead = kAheadPerJob * jobs(options_);
    const HeldLock lock(mutex_);
    while (!stopped_ && reading_ < pieces_.size() && reading_ >= taking_ + ahead) changed_.wait(mutex_);
    return stopped_ || reading_ == pieces_.size() ? nullptr : &pieces_[reading_++];
  }

  // Reads a piece into a source of its log: that of the piece before it, if there is one.
  std::pair<LogPart, Result<void>> read(Piece& piece, std::shared_ptr<LogShare>& into) {
    const std::string& path = paths_[piece.log];
    LogPart part{.log = {.file = path}};
    auto source = piece.part ? ByteSource::open_part(path, *piece.part) : ByteSource::open(path);
    if (!source) return {std::move(part), std::unexpected(source.error())};
    LineReader lines([&](char* bytes, size_t size) -> Result<size_t> {
      if (stopped_.load(std::memory_order_relaxed)) return 0;
      return source->read(bytes, size);
    });
    uint64_t handed_over = 0;  // bytes
    if (!into || into->log != piece.log) into = std::make_shared<LogShare>(piece.log);
    std::unique_ptr<Recording> one_by_one = options_.each ? std::make_unique<Recording>() : nullptr;
    const auto recording = [&]() -> Recording& { return one_by_one ? *one_by_one : into->recording; };
    const auto hand_over = [&] {
      Piece::Requests requests;
      requests.bytes = source->bytes_taken() - std::exchange(handed_over, source->bytes_taken());
      if (recording().size() == 0) return;
      if (one_by_one) {
        requests.one_by_one = std::exchange(one_by_one, std::make_unique<Recording>());
      } else {
        requests.source = into;
        requests.part = into->recording.hand_over();
        if (into->recording.distinct_texts() > kTextsPerThreadMax) into = std::make_shared<LogShare>(piece.log);
      }
      queue_requests(piece, std::move(requests));
    };
    ReadOptions options = options_;
    options.each = [&](const LogEntry& entry) {
      recording().add(entry);
      if (recording().size() >= requests_at_once(options_) && !piece.part) hand_over();
    };
    Recording unused;
    Result<void> done;
    if (piece.is_first) {
      done = read_whole(lines, options, unused, part);
    } else {
      done = read_lines(lines, *piece.detected, options, unused, part);
    }
    hand_over();
    return {std::move(part), std::move(done)};
  }

  // Whether more would fill memory with what nobody has asked for yet. What is kept takes no less of it once it is
  // taken up; so threads are only kept from reading on when there are more requests than may be kept.
  bool has_to_wait(const Piece& piece, size_t more) const RG_REQUIRES(mutex_) {
    if (options_.each) return piece.requests.size() >= kHandedOverMax;
    return waiting_ + more > options_.requests_max && &piece != &pieces_[taking_];
  }

  void queue_requests(Piece& piece, Piece::Requests requests) {
    {
      const HeldLock lock(mutex_);
      while (!stopped_ && has_to_wait(piece, requests.size())) changed_.wait(mutex_);
      waiting_ += requests.size();
      piece.requests.push_back(std::move(requests));
    }
    changed_.notify_all();
  }

  std::span<const std::string> paths_;
  const ReadOptions& options_;
  std::deque<Piece> pieces_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopped_ = false;  // the reading was cancelled
  Mutex mutex_;                        // of what is handed over, too
  Condition changed_;
  size_t reading_ RG_GUARDED_BY(mutex_) = 0;    // the first piece that nobody has begun
  uint64_t waiting_ RG_GUARDED_BY(mutex_) = 0;  // requests that are handed over and not taken up
  size_t taking_ = 0;                           // the piece that is being taken up; written by the calling thread alone
};

}  // namespace

Result<ReadSummary> read_logs_in_parallel(std::span<const std::string> paths, const ReadOptions& options,
                                          const ProgressCallback& progress, uint64_t total, Recording& out) {
  Readers readers(paths, options);
  LogSummaries logs(options, out);
  RoomGuess room(options, total);
  uint64_t done = 0;  // bytes
  for (size_t log = 0; log < paths.size(); ++log) {
    std::optional<LogPart> whole;
    Result<void> read;
    while (readers.has_more() && readers.log() == log) {
      std::optional<std::pair<LogPart, Result<void>>> finished;
      const Piece::Requests requests = readers.take(finished);
      done += requests.bytes;
      if (progress) progress({.stage = ProgressUpdate::Stage::kRead, .done = done, .total = total});
      const bool goes_on = read && !(whole && whole->broken_off);  // else the log has ended before this
      if (requests.size() > 0 && goes_on) {
        if (requests.one_by_one) {
          requests.one_by_one->for_each_added(options.each);
          continue;
        }
        if (out.size() + requests.size() > options.requests_max) {
          return std::unexpected(too_many_requests(paths[log], options));
        }
        out.append(requests.part, requests.source->appended);
        room.make(out, done);
      } else if (finished && goes_on) {
        read = std::move(finished->second);
        if (whole) {
          whole->append(std::move(finished->first));
        } else {
          whole = std::move(finished->first);
        }
      }
    }
    if (auto added = logs.add(std::move(*whole), std::move(read)); !added) return std::unexpected(added.error());
  }
  return logs.finish();
}

}  // namespace rateguard::simulate
