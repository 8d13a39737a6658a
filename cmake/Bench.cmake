# bench/bench_<what>.c: one program each, named after its file, for the script
# bench/<what>. Its first line names the room it measures: `/* room: store */`.
# Not part of the ordinary build: the scripts build what they run.
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/bench_*.c)
foreach(source IN LISTS benches)
  cmake_path(GET source STEM name)
  file(STRINGS ${source} first LIMIT_COUNT 1)
  if(NOT first MATCHES "room: ([a-z]+)")
    message(FATAL_ERROR "${source} must name its room in its first line")
  endif()
  add_executable(${name} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE room_${CMAKE_MATCH_1})
endforeach()
