# What a package of Huoma has: the two programs, which stand beside each other, the manual page and the completions. The
# last three are what the program itself prints. A ThreadSanitizer build does not start on every kernel: it has none.
include(GNUInstallDirs)
install(TARGETS huoma huoma-decode RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

if(HUOMA_SANITIZE MATCHES "thread")
  return()
endif()

set(HUOMA_SHARE ${CMAKE_BINARY_DIR}/share)
file(MAKE_DIRECTORY ${HUOMA_SHARE})
add_custom_command(
  OUTPUT ${HUOMA_SHARE}/huoma.1 ${HUOMA_SHARE}/huoma.bash ${HUOMA_SHARE}/_huoma
  COMMAND huoma help --man > ${HUOMA_SHARE}/huoma.1
  COMMAND huoma completion bash > ${HUOMA_SHARE}/huoma.bash
  COMMAND huoma completion zsh > ${HUOMA_SHARE}/_huoma
  DEPENDS huoma
  COMMENT "Printing huoma.1 and completions")
add_custom_target(huoma-share ALL DEPENDS ${HUOMA_SHARE}/huoma.1 ${HUOMA_SHARE}/huoma.bash ${HUOMA_SHARE}/_huoma)

install(FILES ${HUOMA_SHARE}/huoma.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${HUOMA_SHARE}/huoma.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME huoma)
install(FILES ${HUOMA_SHARE}/_huoma DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
