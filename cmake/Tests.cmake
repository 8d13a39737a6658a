# test/<room>/test_*.c: one cmocka executable a file, linked with the rooms that
# <room> may use; label "unit". test/<room>/tests.cmake may add others (end-to-end
# runs are labelled "e2e" and have their own time-outs).
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
set(on_postgres ${CMAKE_SOURCE_DIR}/test/store/postgres)
set(postgres_file ${CMAKE_BINARY_DIR}/postgres.running)
foreach(room IN LISTS WAYBILL_ROOMS)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/${room}/test_*.c)
  foreach(source IN LISTS tests)
    cmake_path(GET source STEM name)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE room_${room} PkgConfig::CMOCKA)
    add_test(NAME ${room}.${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${room}.${name} PROPERTIES LABELS unit TIMEOUT 120
      ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1")
    # Once more with the tables in PostgreSQL, where the test has a store.
    file(STRINGS ${source} uses REGEX "(store|people)_fixture.h|fault_vfs.h")
    if(uses AND NOT uses MATCHES "fault_vfs.h")
      add_test(NAME postgres.${name} COMMAND ${on_postgres} with ${postgres_file} $<TARGET_FILE:${name}>
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
      set_tests_properties(postgres.${name} PROPERTIES LABELS postgres TIMEOUT 240 SKIP_RETURN_CODE 77
        FIXTURES_REQUIRED postgres
        ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1")
    endif()
  endforeach()
  include(${CMAKE_SOURCE_DIR}/test/${room}/tests.cmake OPTIONAL)
endforeach()
# One server for all of them; no PostgreSQL on the machine: they say so and are skipped.
add_test(NAME postgres.start COMMAND ${on_postgres} start ${postgres_file})
add_test(NAME postgres.stop COMMAND ${on_postgres} stop ${postgres_file})
set_tests_properties(postgres.start postgres.stop PROPERTIES LABELS postgres TIMEOUT 120 SKIP_RETURN_CODE 77)
set_tests_properties(postgres.start PROPERTIES FIXTURES_SETUP postgres)
set_tests_properties(postgres.stop PROPERTIES FIXTURES_CLEANUP postgres)
# It ends the server's processes: nobody else may be at work.
set_tests_properties(postgres.test_postgres PROPERTIES RUN_SERIAL ON)
add_test(NAME house.layers COMMAND ${CMAKE_SOURCE_DIR}/tools/check-layers WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME house.setup COMMAND ${CMAKE_SOURCE_DIR}/test/house/test_setup.sh)
add_test(NAME house.links COMMAND ${CMAKE_SOURCE_DIR}/test/house/test_links.sh)
set_tests_properties(house.layers house.setup house.links PROPERTIES LABELS unit TIMEOUT 60)

# test/fuzz/fuzz_<what>.c exports LLVMFuzzerTestOneInput and names its room in its
# first line: `/* room: face */`. With clang and WAYBILL_FUZZ it is a libFuzzer
# program; otherwise it replays test/fuzz/corpus/<what>/ as an ordinary test.
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_*.c)
foreach(source IN LISTS fuzzers)
  cmake_path(GET source STEM name)
  string(REPLACE "fuzz_" "" what ${name})
  file(STRINGS ${source} first LIMIT_COUNT 1)
  if(NOT first MATCHES "room: ([a-z]+)")
    message(FATAL_ERROR "${source} must name its room in its first line")
  endif()
  set(room ${CMAKE_MATCH_1})
  if(WAYBILL_FUZZ)
    add_executable(${name} ${source})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${source} test/fuzz/replay.c)
    add_test(NAME fuzz.${what} COMMAND ${name} test/fuzz/corpus/${what} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(fuzz.${what} PROPERTIES LABELS unit TIMEOUT 120)
  endif()
  target_link_libraries(${name} PRIVATE room_${room})
endforeach()
