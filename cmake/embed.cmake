# embed_files(target file...): each file becomes `const char *const embed_<name>` (NUL-terminated; '.' and '-' as '_') and
# `const size_t embed_<name>_len` in one generated source of the target, declared in "embed.h".
function(embed_files target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embed)
  set(files "")
  foreach(f ${ARGN})
    list(APPEND files ${CMAKE_CURRENT_SOURCE_DIR}/${f})
  endforeach()
  string(REPLACE ";" "," joined "${files}")
  add_custom_command(
    OUTPUT ${out}/embed.c ${out}/embed.h
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFILES=${joined} -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out}/embed.c ${out}/embed.h)
  target_include_directories(${target} PRIVATE ${out})
endfunction()
