// Work that may have to wait: each piece runs on a stack of its own, so that it reads from top to bottom as if nothing
// ever waited (docs/decisions/0012). A switch of stacks costs some ten nanoseconds and no system call.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace rateguard::net {

struct TasksOptions {
  // Of address space, with a page below that faults; memory is taken as it is touched, some 12 KiB for a check.
  size_t stack_bytes = 256 * 1'024;
  // Tasks that have begun and not ended. Others wait their turn, in order.
  size_t running_max = 4'096;
  // Stacks kept for tasks to come.
  size_t idle_max = 256;
};

// One per event loop, on that loop's thread only.
class Tasks {
 public:
  struct Task;  // one that has begun
  using Work = std::move_only_function<void()>;

  explicit Tasks(TasksOptions options = {});
  // What waits is unwound where it stands.
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // Runs `work` at once, until it ends or waits; where too many run, as soon as one of them has ended.
  void run(Work work);
  // The task that calls; null: none does.
  Task* current() const { return current_; }
  // Gives way to whoever ran or resumed the task, until resume(). REQUIRES: a task calls.
  void wait();
  // Goes on with a task, until it ends or waits again. REQUIRES: it waits; another task or none calls.
  void resume(Task& task);

  // Tasks that have begun and not ended.
  size_t running() const { return all_.size() - idle_.size(); }
  // Work that has not begun.
  size_t queued() const { return queued_.size(); }

 private:
  Task& idle_task();
  void enter(Task& task);
  void begin_queued();

  TasksOptions options_;
  Task* current_ = nullptr;
  std::vector<std::unique_ptr<Task>> all_;
  std::vector<Task*> idle_;
  std::deque<Work> queued_;
  bool begins_queued_ = false;
};

}  // namespace rateguard::net
