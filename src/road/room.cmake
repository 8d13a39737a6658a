# Extracts packed with LZ4 or zstd are read where the library is there.
if(LZ4_FOUND)
  target_compile_definitions(${ROOM_TARGET} PRIVATE WAYBILL_LZ4)
  target_link_libraries(${ROOM_TARGET} PUBLIC PkgConfig::LZ4)
endif()
if(ZSTD_FOUND)
  target_compile_definitions(${ROOM_TARGET} PRIVATE WAYBILL_ZSTD)
  target_link_libraries(${ROOM_TARGET} PUBLIC PkgConfig::ZSTD)
endif()
