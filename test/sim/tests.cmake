# The simulated day, small, with the built binary; the large one is `./dev demo --once`.
if(TARGET waybill)
  add_test(NAME sim.same_day COMMAND ${CMAKE_SOURCE_DIR}/test/sim/same_day.sh $<TARGET_FILE:waybill>
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(sim.same_day PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/test/sim/leaks.txt")
endif()
