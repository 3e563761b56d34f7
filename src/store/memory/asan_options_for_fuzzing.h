// For fuzz targets with a MemoryStore: what AddressSanitizer is told. One file of a program includes it.
#pragma once

// The counters' window logs are named from the store's own pages, which LeakSanitizer does not search.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}
