#include "suggest/peak_table.h"

#include <algorithm>
#include <utility>

namespace rateguard::suggest {
namespace {

constexpr size_t kSlotsAtStart = 64;

// Counts a request in a window; a window earlier than the one before the latest means that another log begins.
void count(uint32_t window, uint32_t& latest, uint32_t& in_latest, uint32_t& peak) {
  if (window == latest || window + 1 == latest) {
    ++in_latest;
  } else {
    latest = window;
    in_latest = 1;
  }
  peak = std::max(peak, in_latest);
}

}  // namespace

PeakTable::PeakTable(size_t subjects_max) : subjects_max_(subjects_max), slots_(kSlotsAtStart) {}

void PeakTable::add(uint64_t subject, int64_t time_s) {
  if ((subject & sample_mask_) != 0) return;
  if (subject == 0) subject = uint64_t{1} << 63;
  SubjectPeaks* slot = &slot_of(subject);
  if (slot->subject == 0) {
    if ((size_ + 1) * 2 > slots_.size()) {
      make_room();
      if ((subject & sample_mask_) != 0) return;
      slot = &slot_of(subject);
    }
    slot->subject = subject;
    ++size_;
  }
  ++slot->requests;
  const auto minute = static_cast<uint32_t>(time_s / 60);
  late_ += minute < slot->minute;
  restarts_ += minute + 1 < slot->minute;
  count(minute, slot->minute, slot->in_minute, slot->minute_peak);
  count(static_cast<uint32_t>(time_s / 3600), slot->hour, slot->in_hour, slot->hour_peak);
}

// By the high bits, since the low ones choose the sample.
SubjectPeaks& PeakTable::slot_of(uint64_t subject) {
  const size_t mask = slots_.size() - 1;
  size_t at = (subject >> kSampleBits) & mask;
  while (slots_[at].subject != 0 && slots_[at].subject != subject) at = (at + 1) & mask;
  return slots_[at];
}

void PeakTable::make_room() {
  if (slots_.size() < 2 * subjects_max_) return rebuild(slots_.size() * 2);
  while ((size_ + 1) * 2 > slots_.size()) {
    sample_mask_ = sample_mask_ * 2 + 1;
    rebuild(slots_.size());
  }
}

void PeakTable::rebuild(size_t slots) {
  const std::vector<SubjectPeaks> old = std::exchange(slots_, std::vector<SubjectPeaks>(slots));
  size_ = 0;
  for (const SubjectPeaks& slot : old) {
    if (slot.subject == 0 || (slot.subject & sample_mask_) != 0) continue;
    slot_of(slot.subject) = slot;
    ++size_;
  }
}

}  // namespace rateguard::suggest
