# Runs of the real server; they take longer than unit tests.
if(TARGET waybill)
  find_package(Python3 COMPONENTS Interpreter REQUIRED)
  set(face_challenge_arguments $<TARGET_FILE:pose_frames>)
  foreach(name attack explore faces face_challenge lint_openapi commands day places webhooks guided live_map)
    add_test(NAME api.${name}
      COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/api/${name}.py $<TARGET_FILE:waybill> ${${name}_arguments}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/test/api)
    set_tests_properties(api.${name} PROPERTIES LABELS e2e TIMEOUT 180 SKIP_RETURN_CODE 77
      ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;ASAN_OPTIONS=detect_leaks=1")
  endforeach()
  # The same with the tables in PostgreSQL: a day, an operator's commands, what should not be sent.
  foreach(name day commands attack)
    add_test(NAME postgres.${name}
      COMMAND ${on_postgres} with ${postgres_file} ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/api/${name}.py
        $<TARGET_FILE:waybill>
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/test/api)
    set_tests_properties(postgres.${name} PROPERTIES LABELS postgres TIMEOUT 240 SKIP_RETURN_CODE 77
      FIXTURES_REQUIRED postgres ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;ASAN_OPTIONS=detect_leaks=1")
  endforeach()
endif()
