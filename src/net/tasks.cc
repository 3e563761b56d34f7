#include "net/tasks.h"

#include <algorithm>

#include "base/check.h"
#include "net/task_stack.h"

// A task is in one of these states, and in these lists:
//   free     in free_
//   queued   in its lane's queue; has work and no stack
//   running  has a stack. While it waits it may have an entry in deadlines_
// and from run() to its end it is in its group's list, if it has a group.
namespace rateguard::net {

struct Tasks::Task {
  explicit Task(Tasks& its_tasks) : tasks(its_tasks) {}

  enum class Wait : uint8_t { kNone, kStarting, kUnderWay, kOver };

  Tasks& tasks;
  Lane lane = Lane::kShort;
  Work work;  // while it is queued
  std::unique_ptr<TaskStack> stack;
  TaskGroup* group = nullptr;
  Link in_group{this};
  Link in_queue{this};
  bool is_cancelled = false;
  Wait wait = Wait::kNone;
  uint64_t wait_number = 0;  // counts the waits of every task that used this record
  Leave leave = Leave::kAllowed;
  Woken woken = Woken::kAnswered;
  Deadlines::iterator deadline;  // valid if has_deadline
  bool has_deadline = false;
  bool has_passed = false;  // the deadline is in passed_
};

void Tasks::Link::leave() {
  previous->next = next;
  next->previous = previous;
  next = previous = this;
}

void Tasks::Link::append(Link& last) {
  last.previous = previous;
  last.next = this;
  previous->next = &last;
  previous = &last;
}

void Tasks::Link::take(Link& head) {
  while (!head.alone()) {
    Link& first = *head.next;
    first.leave();
    append(first);
  }
}

Tasks::Tasks(TasksOptions options) : options_(options), loop_(nullptr) {
  lane_of(Lane::kShort).options = options.short_lane;
  lane_of(Lane::kLong).options = options.long_lane;
}

Tasks::Tasks(EventLoop& loop, TasksOptions options) : options_(options), loop_(&loop) {
  lane_of(Lane::kShort).options = options.short_lane;
  lane_of(Lane::kLong).options = options.long_lane;
}

Tasks::~Tasks() {
  RG_CHECK(current_ == nullptr);
  begins_queued_ = true;  // no queued task begins any more
  for (const auto& task : all_) {
    task->in_group.leave();
    task->group = nullptr;
  }
  for (LaneState& lane : lanes_) {
    while (!lane.queue.alone()) drop_queued(*lane.queue.next->task);
  }
  for (const auto& task : all_) task->stack.reset();
}

bool Tasks::has_room(Lane lane) const {
  const LaneState& state = lane_of(lane);
  return state.running.value() < state.options.running_max || state.queued.value() < state.options.queued_max;
}

bool Tasks::is_cancelled() const {
  return current_ != nullptr && current_->is_cancelled;
}

size_t Tasks::running() const {
  return lane_of(Lane::kShort).running.value() + lane_of(Lane::kLong).running.value();
}

size_t Tasks::queued() const {
  return lane_of(Lane::kShort).queued.value() + lane_of(Lane::kLong).queued.value();
}

LaneFigures Tasks::figures(Lane lane) const {
  const LaneState& state = lane_of(lane);
  return {.running = state.running.value(), .queued = state.queued.value(), .refused = state.refused.value()};
}

Tasks::Task& Tasks::free_task() {
  if (free_.empty()) return *all_.emplace_back(std::make_unique<Task>(*this));
  Task* const task = free_.back();
  free_.pop_back();
  return *task;
}

bool Tasks::run(Lane lane, Work work, TaskGroup* group) {
  LaneState& state = lane_of(lane);
  const bool must_wait = state.running.value() >= state.options.running_max;
  if (must_wait && state.queued.value() >= state.options.queued_max) {
    state.refused.add();
    return false;
  }
  Task& task = free_task();
  task.lane = lane;
  task.work = std::move(work);
  task.group = group;
  if (group != nullptr) group->members_.append(task.in_group);
  if (!must_wait) {
    begin(task);
  } else {
    state.queue.append(task.in_queue);
    state.queued.rise();
  }
  return true;
}

void Tasks::begin(Task& task) {
  lane_of(task.lane).running.rise();
  if (idle_.empty()) {
    task.stack = std::make_unique<TaskStack>(options_.stack_bytes);
  } else {
    task.stack = std::move(idle_.back());
    idle_.pop_back();
  }
  task.stack->assign(std::exchange(task.work, nullptr));
  enter(task);
}

void Tasks::enter(Task& task) {
  Task* const caller = std::exchange(current_, &task);
  task.stack->enter();
  current_ = caller;
  if (task.stack->is_idle()) finish(task);
  // Not from within another task, whose stack would have to hold the turns of the whole queue.
  if (current_ == nullptr && !begins_queued_) begin_queued();
}

void Tasks::finish(Task& task) {
  lane_of(task.lane).running.fall();
  idle_.push_back(std::move(task.stack));
  task.is_cancelled = false;
  task.in_group.leave();
  TaskGroup* const group = std::exchange(task.group, nullptr);
  free_.push_back(&task);
  if (group != nullptr && group->empty() && group->emptied_) std::exchange(group->emptied_, nullptr)();
}

void Tasks::begin_queued() {
  begins_queued_ = true;
  for (LaneState& lane : lanes_) {
    while (!lane.queue.alone() && lane.running.value() < lane.options.running_max) {
      Task& task = *lane.queue.next->task;
      if (task.is_cancelled) {  // its group will drop it
        drop_queued(task);
        continue;
      }
      task.in_queue.leave();
      lane.queued.fall();
      begin(task);
    }
  }
  begins_queued_ = false;
  if (idle_.size() > options_.idle_max) idle_.resize(options_.idle_max);
}

// Its work is destroyed last: it may own the group, or anything else that this uses.
void Tasks::drop_queued(Task& task) {
  const Work dropped = std::exchange(task.work, nullptr);
  lane_of(task.lane).queued.fall();
  task.in_queue.leave();
  task.is_cancelled = false;
  task.in_group.leave();
  TaskGroup* const group = std::exchange(task.group, nullptr);
  free_.push_back(&task);
  if (group != nullptr && group->empty() && group->emptied_) std::exchange(group->emptied_, nullptr)();
}

Tasks::Task* Tasks::begin_wait() {
  RG_CHECK(current_ != nullptr && current_->wait == Task::Wait::kNone);
  if (current_->is_cancelled) return nullptr;
  ++current_->wait_number;
  current_->wait = Task::Wait::kStarting;
  return current_;
}

uint64_t Tasks::current_wait() const {
  return current_->wait_number;
}

Woken Tasks::end_wait(Instant deadline, Leave leave) {
  Task& task = *current_;
  if (task.wait == Task::Wait::kStarting && task.is_cancelled && leave == Leave::kAllowed) {
    task.wait = Task::Wait::kOver;  // cancelled by what it started
    task.woken = Woken::kCancelled;
  }
  if (task.wait == Task::Wait::kStarting) {
    task.wait = Task::Wait::kUnderWay;
    task.leave = leave;
    if (deadline != Instant::max()) {
      task.deadline = deadlines_.emplace(deadline, &task);
      task.has_deadline = true;
      set_timer();
    }
    task.stack->give_way();
  }
  task.wait = Task::Wait::kNone;
  return task.woken;
}

void Tasks::answer(Task& task, uint64_t wait) {
  if (task.wait_number != wait) return;
  if (task.wait == Task::Wait::kUnderWay) return wake(task, Woken::kAnswered);
  if (task.wait != Task::Wait::kStarting) return;
  task.wait = Task::Wait::kOver;
  task.woken = Woken::kAnswered;
}

void Tasks::wake(Task& task, Woken why) {
  forget_deadline(task);
  task.wait = Task::Wait::kOver;
  task.woken = why;
  enter(task);
}

void Tasks::wake_cancelled(Task& task) {
  if (!task.in_queue.alone()) return drop_queued(task);
  task.is_cancelled = true;
  if (task.wait == Task::Wait::kUnderWay && task.leave == Leave::kAllowed) wake(task, Woken::kCancelled);
}

void Tasks::wake_late(Instant now) {
  RG_CHECK(current_ == nullptr);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Task& task = *deadlines_.begin()->second;
    task.deadline = passed_.insert(deadlines_.extract(deadlines_.begin()));
    task.has_passed = true;
  }
  while (!passed_.empty()) wake(*passed_.begin()->second, Woken::kLate);
  set_timer();
}

void Tasks::forget_deadline(Task& task) {
  if (!std::exchange(task.has_deadline, false)) return;
  (std::exchange(task.has_passed, false) ? passed_ : deadlines_).erase(task.deadline);
}

// A timer that no wait needs any more is left to expire: most waits end long before their deadline.
void Tasks::set_timer() {
  if (loop_ == nullptr || deadlines_.empty() || deadlines_.begin()->first >= timer_is_for_) return;
  timer_is_for_ = deadlines_.begin()->first;
  timer_ = loop_->at(timer_is_for_, [this] {
    timer_is_for_ = Instant::max();
    wake_late(loop_->now());
  });
}

TaskGroup::~TaskGroup() {
  if (gone_ != nullptr) *gone_ = true;
  Tasks::Link members;
  members.take(members_);
  members.take(seen_);
  for (Tasks::Link* link = members.next; link != &members; link = link->next) {
    link->task->group = nullptr;
    link->task->is_cancelled = true;
  }
  while (!members.alone()) {
    Tasks::Task& task = *members.next->task;
    task.in_group.leave();
    task.tasks.wake_cancelled(task);
  }
}

// Each woken task unwinds, which may destroy others of the group, or the group itself.
void TaskGroup::cancel() {
  for (Tasks::Link* link = members_.next; link != &members_; link = link->next) link->task->is_cancelled = true;
  bool is_gone = false;
  bool* const outer = std::exchange(gone_, &is_gone);
  while (!is_gone && !members_.alone()) {
    Tasks::Link& link = *members_.next;
    link.leave();
    seen_.append(link);
    link.task->tasks.wake_cancelled(*link.task);
  }
  if (is_gone) {
    if (outer != nullptr) *outer = true;
    return;
  }
  members_.take(seen_);
  gone_ = outer;
}

Woken TaskGroup::join(Tasks& tasks, Instant deadline) {
  if (empty()) return Woken::kAnswered;
  const Woken woken = tasks.await([&](const Tasks::Answered& answered) { emptied_ = answered; }, deadline);
  emptied_ = nullptr;
  return woken;
}

}  // namespace rateguard::net
