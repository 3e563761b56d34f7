// The most that each subject did in a minute and in an hour.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rateguard::suggest {

// What one subject did. Windows are aligned to the clock: 10:05:00 to 10:06:00.
struct SubjectPeaks {
  uint64_t subject = 0;  // its hash; 0 for an empty slot
  uint32_t minute = 0;   // the latest one, counted from the epoch
  uint32_t hour = 0;
  uint32_t in_minute = 0;  // requests in the latest minute
  uint32_t in_hour = 0;
  uint32_t minute_peak = 0;
  uint32_t hour_peak = 0;
  uint32_t requests = 0;
};

// 40 bytes a slot, twice as many slots as subjects. If there are more subjects than it may hold, it keeps one in 2, 4,
// 8... of them, chosen by their hash: everything a kept one did is known exactly, and shares of the subjects have the
// error of a sample of at least half of `subjects_max`. Not thread-safe.
class PeakTable {
 public:
  // The low bits of a hash choose the sample, the others the slot.
  static constexpr int kSampleBits = 24;

  // REQUIRES: subjects_max >= 64.
  explicit PeakTable(size_t subjects_max);

  // Adds a request of a subject, given by a hash with evenly distributed bits. Requests arrive roughly in order of
  // time: one in the minute before the latest counts for the latest.
  void add(uint64_t subject, int64_t time_s);

  // The number of subjects followed, and how many subjects each stands for.
  size_t size() const { return size_; }
  uint64_t one_in() const { return sample_mask_ + 1; }
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const SubjectPeaks& slot : slots_) {
      if (slot.subject != 0) visit(slot);
    }
  }
  // Requests of an earlier minute than the one before of the same subject, and those of them so much
  // earlier that the count began again.
  uint64_t late() const { return late_; }
  uint64_t restarts() const { return restarts_; }
  size_t memory_bytes() const { return slots_.capacity() * sizeof(SubjectPeaks); }

 private:
  SubjectPeaks& slot_of(uint64_t subject);
  void make_room();
  void rebuild(size_t slots);

  size_t subjects_max_;
  uint64_t sample_mask_ = 0;
  size_t size_ = 0;
  uint64_t late_ = 0;
  uint64_t restarts_ = 0;
  std::vector<SubjectPeaks> slots_;  // a power of 2
};

}  // namespace rateguard::suggest
