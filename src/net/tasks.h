// Work that may have to wait: each piece runs on a stack of its own, so that it reads from top to bottom as if nothing
// ever waited (docs/decisions/0012). A switch of stacks costs some ten nanoseconds and no system call.
//
// A task waits in await() and sleep_until(), and is woken by its answer, by its deadline or by being cancelled. It
// hears which, and returns: it unwinds in order, as any function does that is told of a failure.
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
  kCancelled,  // nobody wants to know any more: whoever waits gives up, and every later wait ends at once
};

// Tasks of one lane never wait for those of another to end.
enum class Lane : uint8_t {
  kShort,  // work that ends soon: it waits for a store, which has a deadline
  kLong,   // work that lasts as long as its client likes: streams
};
inline constexpr size_t kLanes = 2;

struct LaneOptions {
  // Tasks that have begun and not ended. Others wait their turn, in order.
  size_t running_max = 4'096;
  // Those that wait their turn: some seconds' work of a store that answers in a millisecond. Beyond, run() refuses.
  size_t queued_max = 65'536;
};

struct TasksOptions {
  // Of address space, with a page below that faults; memory is taken as it is touched, some 12 KiB for a check.
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
  uint64_t refused = 0;  // ever, for want of room in the queue
};

// One per event loop, on that loop's thread only, but for figures().
class Tasks {
 public:
  struct Task;  // from run() until it has ended
  using Work = std::move_only_function<void()>;

  // Ends the wait it was made for; once that is over, it does nothing. Copies are as good. REQUIRES: called on the
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

  // Deadlines pass as the loop's time does. The loop outlives this.
  explicit Tasks(EventLoop& loop, TasksOptions options = {});
  // Deadlines pass when wake_late() says so.
  explicit Tasks(TasksOptions options = {});
  // What waits is unwound where it stands; what has not begun is dropped.
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // Runs `work` at once, until it ends or waits; where too many of its lane run, as soon as one of them has ended.
  // False: there is no room to wait for that, and `work` is dropped. It belongs to `group`, if there is one, until it
  // has ended.
  bool run(Lane lane, Work work, TaskGroup* group = nullptr);
  bool run(Work work) { return run(Lane::kShort, std::move(work)); }
  // Whether run() would take work.
  bool has_room(Lane lane) const;

  // Whether a task calls.
  bool inside() const { return current_ != nullptr; }
  // Whether the task that calls was cancelled. False where none calls.
  bool is_cancelled() const;

  // Calls `start` with an Answered, and gives way until it is called, the deadline has come, or the task is cancelled.
  // Where that was so already, nothing is started. What `start` was given must stand being answered later all the same.
  // REQUIRES: a task calls.
  template <typename Start>
  Woken await(Start&& start, Instant deadline = Instant::max()) {
    Task* const task = begin_wait();
    if (task == nullptr) return Woken::kCancelled;
    std::forward<Start>(start)(Answered(*this, *task, current_wait()));
    return end_wait(deadline, Leave::kAllowed);
  }
  // The same for what cannot be left while it is under way, since it uses memory of the caller's: the answer always
  // comes, and soon. Cancelled in its midst, the task hears of it at its next wait.
  template <typename Start>
  Woken await_whole(Start&& start) {
    Task* const task = begin_wait();
    if (task == nullptr) return Woken::kCancelled;
    std::forward<Start>(start)(Answered(*this, *task, current_wait()));
    return end_wait(Instant::max(), Leave::kNot);
  }
  // kLate once the time has come, or kCancelled. REQUIRES: a task calls.
  Woken sleep_until(Instant when) {
    return await([](const Answered&) {}, when);
  }

  // Wakes those whose deadline is not after `now`, the earliest first. REQUIRES: no task calls.
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
  // Neighbours in a list; alone, its own.
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
  // Where the task waits and may leave, or has not begun: it ends. Else it hears of it at its next wait.
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
  std::vector<std::unique_ptr<Task>> all_;  // never fewer: an Answered may still name one
  std::vector<Task*> free_;
  std::vector<std::unique_ptr<TaskStack>> idle_;
  Deadlines deadlines_;
  Timer timer_;  // for the earliest
  Instant timer_is_for_ = Instant::max();
  bool begins_queued_ = false;
};

// The tasks of one client: all are cancelled, or waited for, together. A group of one is how a single task is
// cancelled. On the loop's thread; it may be part of what its tasks own.
class TaskGroup {
 public:
  TaskGroup() = default;
  // Cancels what is in it.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  bool empty() const { return members_.alone() && seen_.alone(); }
  // Whoever is in it and waits is woken with kCancelled, at once; what has not begun is dropped; a task of the group
  // that itself calls this goes on, and hears of it at its next wait. The group may be gone when this returns.
  void cancel();
  // Waits until it is empty. REQUIRES: a task calls that is not in it, the only one to do so.
  Woken join(Tasks& tasks, Instant deadline = Instant::max());

 private:
  friend class Tasks;
  Tasks::Link members_;
  Tasks::Link seen_;                         // members that a cancel() under way has dealt with
  std::move_only_function<void()> emptied_;  // who joins
  bool* gone_ = nullptr;                     // of a cancel() under way: the group is no more
};

}  // namespace rateguard::net
