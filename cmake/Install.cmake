# `cmake --install build/release`: what docs/install.md describes. The binary
# finds the library and the models relative to itself.
set(fetched ${CMAKE_SOURCE_DIR}/.cache/deps)
install(TARGETS waybill RUNTIME DESTINATION bin)
install(PROGRAMS ${fetched}/onnxruntime/lib/libonnxruntime.so.1 DESTINATION lib/waybill OPTIONAL)
install(DIRECTORY ${fetched}/models/ DESTINATION share/waybill/models OPTIONAL PATTERN raw EXCLUDE)
install(FILES packaging/waybill.service DESTINATION lib/systemd/system)
install(FILES LICENSE NOTICE docs/install.md DESTINATION share/doc/waybill)
