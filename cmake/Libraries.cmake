# The libraries each room stands on, all from the distribution but ONNX Runtime.
# Must be included before waybill_rooms() is called: it fills LIBS_<room>.
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq>=14)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(SPNG REQUIRED IMPORTED_TARGET spng)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)

# ONNX Runtime is opened at run time, so the build needs its C header only: the
# distribution's where it has one (Debian 14 and later), else what `./dev setup`
# fetched.
pkg_check_modules(ONNXRUNTIME QUIET libonnxruntime)
set(fetched ${CMAKE_SOURCE_DIR}/.cache/deps/onnxruntime)
find_path(ONNXRUNTIME_HEADERS onnxruntime_c_api.h
  HINTS ${ONNXRUNTIME_INCLUDE_DIRS} ${fetched}/include PATH_SUFFIXES onnxruntime onnxruntime/core/session)
if(NOT ONNXRUNTIME_HEADERS)
  message(FATAL_ERROR "onnxruntime_c_api.h is missing: run ./dev setup once in this checkout")
endif()
add_library(waybill_onnxruntime INTERFACE)
target_include_directories(waybill_onnxruntime SYSTEM INTERFACE ${ONNXRUNTIME_HEADERS})

pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(LZ4 IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD IMPORTED_TARGET libzstd)

set(LIBS_base Threads::Threads PkgConfig::SODIUM PkgConfig::JANSSON m)
set(LIBS_store PkgConfig::SQLITE PkgConfig::LIBPQ)
set(LIBS_http PkgConfig::MICROHTTPD PkgConfig::CURL)
set(LIBS_workers PkgConfig::SECCOMP)
set(LIBS_chain PkgConfig::SECCOMP)
set(LIBS_face PkgConfig::TURBOJPEG PkgConfig::SPNG waybill_onnxruntime ${CMAKE_DL_LIBS})
set(LIBS_road PkgConfig::ZLIB PkgConfig::EXPAT PkgConfig::UTF8PROC)
set(LIBS_sim PkgConfig::CURL)
set(LIBS_cli PkgConfig::CURL)
