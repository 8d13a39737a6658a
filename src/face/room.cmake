# Pixel loops: worth the optimiser's last step.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/face/warp.c ${CMAKE_SOURCE_DIR}/src/face/quality.c ${CMAKE_SOURCE_DIR}/src/face/picture.c ${CMAKE_SOURCE_DIR}/src/face/net_kernels.c ${CMAKE_SOURCE_DIR}/src/face/net.c PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")
# Tests run whole checks by the thousand under sanitizers: the inner loops are optimised there too.
set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/face/net_kernels.c APPEND PROPERTY COMPILE_OPTIONS "$<$<NOT:$<CONFIG:Release>>:-O2>")
