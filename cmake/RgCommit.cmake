# rg_knows_commit(target file): `file` of `target` is compiled with the program's version and with the commit that it
# is built from, as RATEGUARD_VERSION and RATEGUARD_COMMIT.
function(rg_knows_commit target file)
  # At each build, since a commit changes no file that the build knows.
  set(header ${CMAKE_CURRENT_BINARY_DIR}/commit/rateguard_commit.h)
  add_custom_target(rateguard_commit BYPRODUCTS ${header}
    COMMAND ${CMAKE_COMMAND} -D SOURCE_DIR=${CMAKE_SOURCE_DIR} -D OUTPUT=${header} -P ${CMAKE_SOURCE_DIR}/cmake/commit.cmake)
  add_dependencies(${target} rateguard_commit)
  target_compile_definitions(${target} PRIVATE RATEGUARD_VERSION="${PROJECT_VERSION}")
  # Alone, so that a new commit compiles nothing else.
  set_source_files_properties(${file} PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON COMPILE_OPTIONS "-include;${header}" OBJECT_DEPENDS ${header})
endfunction()
