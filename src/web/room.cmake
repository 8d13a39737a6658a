# The pages' bytes: made again whenever a file below web/dist comes, goes or changes.
file(GLOB_RECURSE web_dist CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/dist/*)
set(web_out ${CMAKE_BINARY_DIR}/web_embedded)
add_custom_command(
  OUTPUT ${web_out}.c ${web_out}.S
  COMMAND ${CMAKE_COMMAND} -DDIST=${CMAKE_SOURCE_DIR}/web/dist -DFALLBACK=${CMAKE_CURRENT_LIST_DIR}/unbuilt.html
    -DOUT=${web_out} -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  DEPENDS ${web_dist} ${CMAKE_CURRENT_LIST_DIR}/unbuilt.html ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  VERBATIM)
target_sources(${ROOM_TARGET} PRIVATE ${web_out}.c ${web_out}.S)
