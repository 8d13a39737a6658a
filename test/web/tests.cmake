# The pages in a real browser, against the built binary. Alone: a browser that shares
# two cores with other end-to-end runs is slow, not wrong.
if(TARGET waybill)
  add_test(NAME web.day COMMAND ${CMAKE_SOURCE_DIR}/test/web/run.sh $<TARGET_FILE:waybill>
    $<TARGET_FILE:pose_frames>
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(web.day PROPERTIES LABELS e2e RUN_SERIAL TRUE TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1")
endif()
