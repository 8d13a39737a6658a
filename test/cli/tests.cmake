# The AWS SDK, unchanged, against `waybill face serve`.
if(TARGET waybill)
  add_test(NAME cli.aws_rekognition COMMAND ${CMAKE_SOURCE_DIR}/test/aws/run.sh $<TARGET_FILE:waybill>
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(cli.aws_rekognition PROPERTIES LABELS e2e TIMEOUT 180 SKIP_RETURN_CODE 77
    ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
endif()
