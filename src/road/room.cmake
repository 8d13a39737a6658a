# Extracts packed with LZ4 or zstd are read where the library is there.
if(LZ4_FOUND)
  target_compile_definitions(${ROOM_TARGET} PRIVATE WAYBILL_LZ4)
  target_link_libraries(${ROOM_TARGET} PUBLIC PkgConfig::LZ4)
endif()
if(ZSTD_FOUND)
  target_compile_definitions(${ROOM_TARGET} PRIVATE WAYBILL_ZSTD)
  target_link_libraries(${ROOM_TARGET} PUBLIC PkgConfig::ZSTD)
endif()
# SIMD kernels: each file for its own instructions, chosen at run time. The
# engine's inner loops are few and hot: they are built for speed in every build.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(src/road/kernels_avx2.c PROPERTIES COMPILE_OPTIONS "-O3;-mavx2")
  set_source_files_properties(src/road/kernels_avx512.c PROPERTIES COMPILE_OPTIONS "-O3;-mavx512f")
endif()
set_source_files_properties(src/road/kernels.c src/road/cch.c src/road/label.c PROPERTIES COMPILE_OPTIONS "-O3")
