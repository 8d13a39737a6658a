# The same test without sanitizers: their shadow memory keeps the bound on a child's
# memory from being tried.
file(GLOB plain_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/workers/*.c ${CMAKE_SOURCE_DIR}/src/base/*.c)
add_executable(test_workers_plain test/workers/test_workers.c ${plain_sources})
target_compile_options(test_workers_plain PRIVATE -fno-sanitize=all)
target_link_options(test_workers_plain PRIVATE -fno-sanitize=all)
target_link_libraries(test_workers_plain PRIVATE ${LIBS_base} ${LIBS_workers} PkgConfig::CMOCKA)
add_test(NAME workers.test_workers_plain COMMAND test_workers_plain WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(workers.test_workers_plain PROPERTIES LABELS unit TIMEOUT 120)
