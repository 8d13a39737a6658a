# Frames for tests that answer a challenge without a camera.
add_executable(pose_frames test/face/pose_frames.c)
target_link_libraries(pose_frames PRIVATE room_face room_base)
