# The AWS SDK, unchanged, against `waybill face serve`.
if(TARGET waybill)
  add_test(NAME cli.aws_rekognition COMMAND ${CMAKE_SOURCE_DIR}/test/aws/run.sh $<TARGET_FILE:waybill>
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(cli.aws_rekognition PROPERTIES LABELS e2e TIMEOUT 180 SKIP_RETURN_CODE 77
    ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
endif()

# Problems by HTTP, as clients of vroom-express send them.
if(TARGET waybill)
  find_package(Python3 COMPONENTS Interpreter REQUIRED)
  add_test(NAME cli.route_serve COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/cli/test_route_serve.py
    $<TARGET_FILE:waybill>)
  set_tests_properties(cli.route_serve PROPERTIES LABELS e2e TIMEOUT 120)
endif()

# OSRM's npm clients, unchanged, against `waybill road serve`.
if(TARGET waybill)
  add_test(NAME cli.osrm_clients COMMAND ${CMAKE_SOURCE_DIR}/test/osrm/run.sh $<TARGET_FILE:waybill>
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(cli.osrm_clients PROPERTIES LABELS e2e TIMEOUT 120 SKIP_RETURN_CODE 77
    ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
endif()

# Another server's times, ours as that server.
if(TARGET waybill)
  add_test(NAME cli.road_service COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/cli/test_road_service.py
    $<TARGET_FILE:waybill> ${CMAKE_SOURCE_DIR}/test/osrm/town.osm)
  set_tests_properties(cli.road_service PROPERTIES LABELS e2e TIMEOUT 120 ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
endif()
