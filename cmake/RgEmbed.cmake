# rg_embed(target HEADER header.h NAMESPACE a::b PARTS kName=file ...): files as constants of the program.
#
# The header declares each as `extern const std::string_view kName;` in the namespace; the definitions are written when
# the program is built, and again whenever a file changes. Paths are relative to the folder of the header below src/.
# A file may hold anything but `)rg_embed"`, and is part of the program byte for byte.
function(rg_embed target)
  cmake_parse_arguments(ARG "" "HEADER;NAMESPACE" "PARTS" ${ARGN})
  cmake_path(GET ARG_HEADER PARENT_PATH folder)
  string(REPLACE "/" "_" name ${ARG_HEADER})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cc)
  set(files)
  set(parts)
  foreach(part IN LISTS ARG_PARTS)
    string(REGEX MATCH "^([A-Za-z0-9_]+)=(.+)$" matched "${part}")
    if(NOT matched)
      message(FATAL_ERROR "rg_embed: '${part}' is not kName=file")
    endif()
    set(file ${CMAKE_SOURCE_DIR}/src/${folder}/${CMAKE_MATCH_2})
    list(APPEND files ${file})
    string(APPEND parts "${CMAKE_MATCH_1}=${file}|")
  endforeach()
  add_custom_command(OUTPUT ${output} DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/RgEmbed.cmake VERBATIM
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -D HEADER=${ARG_HEADER} -D NAMESPACE=${ARG_NAMESPACE} -D PARTS=${parts}
      -P ${CMAKE_SOURCE_DIR}/cmake/RgEmbed.cmake)
  # Nothing to gain from compiling it together with others, or from the headers that those share.
  set_source_files_properties(${output} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${output})
endfunction()

# Below here: run by the command above.
if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()
set(text "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
string(REPLACE "|" ";" PARTS "${PARTS}")
foreach(part IN LISTS PARTS)
  if(part MATCHES "^([A-Za-z0-9_]+)=(.+)$")
    set(symbol ${CMAKE_MATCH_1})
    file(READ ${CMAKE_MATCH_2} content)
    string(FIND "${content}" ")rg_embed\"" end)
    if(NOT end EQUAL -1)
      message(FATAL_ERROR "${CMAKE_MATCH_2} holds )rg_embed\", which would end it")
    endif()
    string(APPEND text "const std::string_view ${symbol} = R\"rg_embed(${content})rg_embed\";\n")
  endif()
endforeach()
string(APPEND text "}  // namespace ${NAMESPACE}\n")
file(WRITE ${OUTPUT} "${text}")
