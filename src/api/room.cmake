# schema/*.json become one JSON list inside the binary: /openapi.json is made of
# them and of the route table.
file(GLOB api_schemas CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/api/schema/*.json)
set(api_out ${CMAKE_BINARY_DIR}/api_schemas)
add_custom_command(
  OUTPUT ${api_out}.S ${api_out}.json
  COMMAND ${CMAKE_COMMAND} "-DFILES=${api_schemas}" -DOUT=${api_out} -P ${CMAKE_CURRENT_LIST_DIR}/schemas.cmake
  DEPENDS ${api_schemas} ${CMAKE_CURRENT_LIST_DIR}/schemas.cmake
  VERBATIM)
target_sources(${ROOM_TARGET} PRIVATE ${api_out}.S)
