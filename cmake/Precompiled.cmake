# Headers that the compiler reads once for all, instead of in each file: reading gtest, rapidcheck, fmt and the standard
# library was half of the work of building everything.
#
# Only what is third-party or the standard library's: a header of ours in here would rebuild everything with each edit. With
# them an x.cc that compiles no longer proves that its x.h includes what it needs of the standard library; tests/structure
# does that, and the release build has none of this.
option(RATEGUARD_PRECOMPILE "Precompile the headers that many files share" OFF)

# What a library's pkg-config file defines for some files has to be defined for all, and for the precompiled headers, or
# gcc does not take them. This one, hiredis's, changes nothing where a file's offset has 64 bits anyway.
set(precompiled_definitions _FILE_OFFSET_BITS=64)

# What most modules include. Reading back costs too: a header that only few need makes the build slower.
set(module_headers <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <cstring> <deque> <expected> <functional> <map>
  <memory> <mutex> <optional> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <fmt/format.h>)
set(test_headers ${module_headers} <filesystem> <fstream> <set> <gtest/gtest.h> <rapidcheck.h>)

# rg_precompile(name flags headers libraries...)
function(rg_precompile name flags headers)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  # Compiled as the files that use it are: gcc takes no precompiled header that was made with other flags.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE ${flags})
  target_compile_definitions(${name} PRIVATE ${precompiled_definitions})
  target_link_libraries(${name} PRIVATE ${ARGN} fmt::fmt Threads::Threads)
  target_precompile_headers(${name} PRIVATE ${headers})
endfunction()

if(RATEGUARD_PRECOMPILE)
  find_package(fmt REQUIRED)
  rg_precompile(module_precompiled -fPIC "${module_headers}")
  rg_precompile(program_precompiled -fPIE "${module_headers}")
  if(RATEGUARD_TESTS)
    find_package(GTest REQUIRED)
    find_package(rapidcheck REQUIRED)
    rg_precompile(test_precompiled -fPIE "${test_headers}" GTest::gtest rapidcheck)
  endif()
endif()

function(rg_use_precompiled target name)
  if(TARGET ${name})
    target_compile_definitions(${target} PRIVATE ${precompiled_definitions})
    target_precompile_headers(${target} REUSE_FROM ${name})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Inlined std::string code makes gcc 12 see overruns that are none; it hushes them in system headers, but not in
      # precompiled ones. AddressSanitizer finds those that are.
      target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
    endif()
  endif()
endfunction()

# rg_precompiled(target): a library or a program that links fmt.
function(rg_precompiled target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    rg_use_precompiled(${target} program_precompiled)
  else()
    rg_use_precompiled(${target} module_precompiled)
  endif()
endfunction()

# rg_precompiled_tests(program): links gtest too.
function(rg_precompiled_tests program)
  rg_use_precompiled(${program} test_precompiled)
endfunction()
