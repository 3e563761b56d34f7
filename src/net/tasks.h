// Work that may have to wait: each piece runs on a stack of its own, so that it reads from top to bottom as if nothing
// ever waited (docs/decisions/0012). A switch of stacks costs some ten nanoseconds and no system call.
//
// A task waits in await() and sleep_until(), and is woken by its answer, by its deadline or by being cancelled. It is
// told which of them it was, and returns: it unwinds like any function that is told of a failure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/counter.h"
#include "base/level.h"
#include "model/instant.h"
#include "net/event_loop.h"

namespace rateguard::net {

class TaskStack;
class TaskGroup;

// What ended a wait.
enum class Woken : uint8_t {
  kAnswered,
  kLate,       // the deadline has come
  kCancelled,  // the task's result is unwanted: it should give up, and every later wait ends at once
};

// Tasks of one lane never wait for tasks of another to end.
enum class Lane : uint8_t {
  kShort,  // work that ends soon: it waits for a store, which has a deadline
  kLong,   // work that lasts as long as its client likes: streams
};
inline constexpr size_t kLanes = 2;

struct LaneOptions {
  // Bound on tasks that have begun and not ended. Others wait their turn, in order.
  size_t running_max = 4'096;
  // Bound on tasks that wait their turn: some seconds' work for a store that answers in a millisecond. Above it run()
  // refuses.
  size_t queued_max = 65'536;
};

struct TasksOptions {
  // Address space, with a guard page below it; memory is taken as it is touched, some 12 KiB for a check.
  size_t stack_bytes = 256 * 1'024;
  // Stacks kept for tasks to come.
  size_t idle_max = 256;
  LaneOptions short_lane = {};
  LaneOptions long_lane = {};
};

// How busy a lane is.
struct LaneFigures {
  uint64_t running = 0;
  uint64_t queued = 0;
  uint64_t refused = 0;  // since the start, for lack of room in the queue
};

// One per event loop. Used on that loop's thread only, except for figures().
class Tasks {
 public:
  struct Task;  // from run() until it has ended
  using Work = std::move_only_function<void()>;

  // Ends the wait that it was made for; does nothing once that is over. Copies are equivalent. REQUIRES: called on the
  // loop's thread, while the Tasks live.
  class Answered {
   public:
    void operator()() const { tasks_->answer(*task_, wait_); }

   private:
    friend class Tasks;
    Answered(Tasks& tasks, Task& task, uint64_t wait) : tasks_(&tasks), task_(&task), wait_(wait) {}
    Tasks* tasks_;
    Task* task_;
    uint64_t wait_;
  };

  // Deadlines pass by the loop's clock. The loop outlives this.
  explicit Tasks(EventLoop& loop, TasksOptions options = {});
  // Deadlines pass when wake_late() says so.
  explicit Tasks(TasksOptions options = {});
  // Waiting tasks are unwound where they stand; those that have not begun are dropped.
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // Runs `work` at once, until it ends or waits; if too many of its lane run, as soon as one of them has ended.
  // False if the queue is full too; then `work` is dropped. It belongs to `group`, if there is one, until it has
  // ended.
  bool run(Lane lane, Work work, TaskGroup* group = nullptr);
  bool run(Work work) { return run(Lane::kShort, std::move(work)); }
  // Whether run() would take work.
  bool has_room(Lane lane) const;

  // Whether the caller is a task.
  bool inside() const { return current_ != nullptr; }
  // Whether the calling task was cancelled. False outside tasks.
  bool is_cancelled() const;

  // Calls `start` with an Answered, and gives way until it is called, the deadline has come, or the task is cancelled.
  // If the deadline or the cancellation came before, nothing is started. `start`'s Answered may still be called later.
  // REQUIRES: a task calls.
  template <typename Start>
  Woken await(Start&& start, Instant deadline = Instant::max()) {
    Task* const task = begin_wait();
    if (task == nullptr) return Woken::kCancelled;
    std::forward<Start>(start)(Answered(*this, *task, current_wait()));
    return end_wait(deadline, Leave::kAllowed);
  }
  // As await(), for work that cannot be left while it is under way, since it uses the caller's memory: its answer must
  // always come, and soon. A task that is cancelled meanwhile is told at its next wait.
  template <typename Start>
  Woken await_whole(Start&& start) {
    Task* const task = begin_wait();
    if (task == nullptr) return Woken::kCancelled;
    std::forward<Start>(start)(Answered(*this, *task, current_wait()));
    return end_wait(Instant::max(), Leave::kNot);
  }
  // Returns kLate once the time has come, or kCancelled. REQUIRES: a task calls.
  Woken sleep_until(Instant when) {
    return await([](const Answered&) {}, when);
  }

  // Wakes the tasks whose deadline is not after `now`, the earliest first, each once: one that waits again for a time
  // that has come is woken by the next call, after all others. REQUIRES: no task calls.
  void wake_late(Instant now);

  // Of all lanes: tasks that have begun and not ended, and those that have not begun.
  size_t running() const;
  size_t queued() const;
  // Any thread.
  LaneFigures figures(Lane lane) const;

 private:
  friend class TaskGroup;
  enum class Leave : uint8_t { kAllowed, kNot };
  using Deadlines = std::multimap<Instant, Task*>;
  // Neighbours in a list; outside any list, itself.
  struct Link {
    explicit Link(Task* its_task = nullptr) : task(its_task) {}
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    bool alone() const { return next == this; }
    void leave();
    void append(Link& last);  // to the list that this heads
    void take(Link& head);    // all of another list
    Task* const task;         // null: the head
    Link* next = this;
    Link* previous = this;
  };
  struct LaneState {
    LaneOptions options;
    Link queue;
    Level running;
    Level queued;
    Counter refused;
  };

  Task* begin_wait();
  uint64_t current_wait() const;
  Woken end_wait(Instant deadline, Leave leave);
  void answer(Task& task, uint64_t wait);
  // If the task waits and may leave, or has not begun, it ends. Else it is told at its next wait.
  void wake_cancelled(Task& task);
  void wake(Task& task, Woken why);
  void begin(Task& task);
  void enter(Task& task);
  void finish(Task& task);
  void begin_queued();
  void drop_queued(Task& task);
  void forget_deadline(Task& task);
  void set_timer();
  LaneState& lane_of(Lane lane) { return lanes_[static_cast<size_t>(lane)]; }
  const LaneState& lane_of(Lane lane) const { return lanes_[static_cast<size_t>(lane)]; }
  Task& free_task();

  const TasksOptions options_;
  EventLoop* const loop_;  // null: none
  Task* current_ = nullptr;
  std::array<LaneState, kLanes> lanes_;
  std::vector<std::unique_ptr<Task>> all_;  // never shrinks: an Answered may still name one
  std::vector<Task*> free_;
  std::vector<std::unique_ptr<TaskStack>> idle_;
  Deadlines deadlines_;
  Deadlines passed_;  // those that wake_late() has still to wake
  Timer timer_;       // for the earliest deadline
  Instant timer_is_for_ = Instant::max();
  bool begins_queued_ = false;
};

// The tasks of one client: all are cancelled, or waited for, together. A group of one is how a single task is
// cancelled. Used on the loop's thread; its tasks may own it.
class TaskGroup {
 public:
  TaskGroup() = default;
  // Cancels its tasks.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  bool empty() const { return members_.alone() && seen_.alone(); }
  // Wakes its waiting tasks with kCancelled, at once, and drops those that have not begun; a task of the group that
  // itself calls this continues, and is told at its next wait. The group may be destroyed when this returns.
  void cancel();
  // Waits until the group is empty. REQUIRES: the caller is a task outside the group, and the only one that waits for
  // it.
  Woken join(Tasks& tasks, Instant deadline = Instant::max());

 private:
  friend class Tasks;
  Tasks::Link members_;
  Tasks::Link seen_;                         // members that a cancel() under way has dealt with
  std::move_only_function<void()> emptied_;  // wakes the task in join()
  bool* gone_ = nullptr;                     // tells a cancel() under way that the group was destroyed
};

}  // namespace rateguard::net
