#include "metrics/process_figures.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace rateguard::metrics {
namespace {

// Seconds since the epoch at which the machine was started: the "btime" line of /proc/stat (proc(5)).
double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    if (word == "btime") {
      double seconds = 0;
      file >> seconds;
      return seconds;
    }
    file.ignore(1 << 20, '\n');
  }
  return 0;
}

void read_stat(ProcessFigures& figures) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return;
  // The program's name, in parentheses, may contain anything; the fields are counted after it.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(line.substr(name_end + 1));
  std::string value;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  for (int field = 3; fields >> value; ++field) {  // numbered as in proc(5)
    const double number = field == 3 ? 0 : std::stod(value);
    if (field == 14 || field == 15) figures.cpu_seconds += number / ticks;
    if (field == 22) figures.start_time_seconds = boot_time_seconds() + number / ticks;
    if (field == 23) figures.virtual_bytes = static_cast<uint64_t>(number);
    if (field == 24)
      figures.resident_bytes = static_cast<uint64_t>(number) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  }
}

uint64_t count_open_fds() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  uint64_t entries = 0;
  while (readdir(directory) != nullptr) ++entries;
  closedir(directory);
  return entries > 3 ? entries - 3 : 0;  // ".", ".." and the directory's own
}

}  // namespace

ProcessFigures read_process_figures() {
  ProcessFigures figures;
  read_stat(figures);
  figures.open_fds = count_open_fds();
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = limit.rlim_cur;
  return figures;
}

void ProcessSource::report(Writer& out) const {
  const ProcessFigures figures = read_process_figures();
  out.counter("process_cpu_seconds_total", "Processor time used, user and system.", figures.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.", figures.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", figures.virtual_bytes);
  out.gauge("process_open_fds", "Open file descriptors.", figures.open_fds);
  out.gauge("process_max_fds", "Most file descriptors that may be open.", figures.max_fds);
  out.gauge("process_start_time_seconds", "When the process started, in seconds since the Unix epoch.",
            figures.start_time_seconds);
}

}  // namespace rateguard::metrics
