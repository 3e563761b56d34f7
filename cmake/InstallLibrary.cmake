# The library as `cmake --install` puts it in place: one archive, its headers, and what find_package and pkg-config need.
include(CMakePackageConfigHelpers)

# The library stands on several modules, each an archive of its own. Its users get one archive that holds them all.
function(rg_collect target)
  if(NOT target MATCHES "^rg_")
    set_property(GLOBAL APPEND PROPERTY RG_ARCHIVE_EXTERNAL ${target})
    return()
  endif()
  get_property(seen GLOBAL PROPERTY RG_ARCHIVE_MODULES)
  if(target IN_LIST seen)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY RG_ARCHIVE_MODULES ${target})
  get_target_property(dependencies ${target} INTERFACE_LINK_LIBRARIES)
  foreach(dependency IN LISTS dependencies)
    if(dependency)
      rg_collect(${dependency})
    endif()
  endforeach()
endfunction()

rg_collect(rg_library)
get_property(archive_modules GLOBAL PROPERTY RG_ARCHIVE_MODULES)
get_property(archive_external GLOBAL PROPERTY RG_ARCHIVE_EXTERNAL)
list(REMOVE_DUPLICATES archive_external)

# What the archive's users have to find too: rateguardConfig.cmake finds the same ones.
set(archive_packages Threads fmt yaml-cpp "OpenSSL 3" "Boost 1.81 COMPONENTS headers json")
set(RG_FIND_DEPENDENCIES "")
foreach(package IN LISTS archive_packages)
  string(REPLACE " " ";" arguments ${package})
  find_package(${arguments} REQUIRED)
  string(APPEND RG_FIND_DEPENDENCIES "find_dependency(${package})\n")
endforeach()

add_library(rateguard_archive STATIC)
set_target_properties(rateguard_archive PROPERTIES OUTPUT_NAME rateguard EXPORT_NAME rateguard LINKER_LANGUAGE CXX)
foreach(module IN LISTS archive_modules)
  get_target_property(type ${module} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    target_sources(rateguard_archive PRIVATE $<TARGET_OBJECTS:${module}>)
    # With link-time optimisation an object holds gcc's intermediate code only, which another version of gcc, or clang,
    # cannot link. In the archive there has to be machine code too.
    if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
      target_compile_options(${module} PRIVATE -ffat-lto-objects)
    endif()
  endif()
endforeach()
target_include_directories(rateguard_archive INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(rateguard_archive INTERFACE cxx_std_20)
target_link_libraries(rateguard_archive PRIVATE ${archive_external})

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rateguard)
install(TARGETS rateguard_archive EXPORT rateguardTargets ARCHIVE COMPONENT library)
install(EXPORT rateguardTargets NAMESPACE rateguard:: DESTINATION ${config_dir} COMPONENT library)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/rateguard TYPE INCLUDE COMPONENT library FILES_MATCHING PATTERN "*.h")
configure_package_config_file(cmake/rateguardConfig.cmake.in ${CMAKE_BINARY_DIR}/rateguardConfig.cmake
  INSTALL_DESTINATION ${config_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/rateguardConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/rateguardConfig.cmake ${CMAKE_BINARY_DIR}/rateguardConfigVersion.cmake
  DESTINATION ${config_dir} COMPONENT library)
# Paths from the .pc file itself, so that an installed tree can be moved.
file(RELATIVE_PATH RG_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/rateguard.pc.in ${CMAKE_BINARY_DIR}/rateguard.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/rateguard.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE TYPE DOC COMPONENT library)
