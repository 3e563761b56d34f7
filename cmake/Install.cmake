# What `cmake --install` puts in place: the program and its completions, and the library where RATEGUARD_LIBRARY asks for it.
include(GNUInstallDirs)

if(RATEGUARD_LIBRARY)
  include(InstallLibrary)
endif()

if(TARGET rateguard)
  install(TARGETS rateguard RUNTIME COMPONENT program)
  # Without symbols: what a debugger needs lies in .debug beside the program, where gdb looks for it whatever the prefix.
  set(installed "\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}")
  install(CODE "
    set(stripped_program \"${installed}/${CMAKE_INSTALL_BINDIR}/rateguard\")
    set(split_symbols \"${installed}/${CMAKE_INSTALL_BINDIR}/.debug/rateguard.debug\")
    file(MAKE_DIRECTORY \"${installed}/${CMAKE_INSTALL_BINDIR}/.debug\")
    execute_process(COMMAND ${CMAKE_OBJCOPY} --only-keep-debug \${stripped_program} \${split_symbols} COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${CMAKE_STRIP} --strip-all \${stripped_program} COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${CMAKE_OBJCOPY} --add-gnu-debuglink=\${split_symbols} \${stripped_program} COMMAND_ERROR_IS_FATAL ANY)"
    COMPONENT program)
  # The program writes its own completions, so that they never fall behind it.
  foreach(pair bash:bash-completion/completions/rateguard zsh:zsh/site-functions/_rateguard
      fish:fish/vendor_completions.d/rateguard.fish)
    string(REGEX REPLACE ":.*" "" shell ${pair})
    string(REGEX REPLACE ".*:" "" place ${pair})
    install(CODE "execute_process(COMMAND $<TARGET_FILE:rateguard> completion ${shell}
      OUTPUT_FILE ${CMAKE_BINARY_DIR}/completion.${shell} COMMAND_ERROR_IS_FATAL ANY)" COMPONENT program)
    get_filename_component(folder ${place} DIRECTORY)
    get_filename_component(file ${place} NAME)
    install(FILES ${CMAKE_BINARY_DIR}/completion.${shell} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} RENAME ${file}
      COMPONENT program)
  endforeach()
endif()
