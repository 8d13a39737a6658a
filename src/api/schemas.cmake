# cmake -DFILES=a;b -DOUT=… -P schemas.cmake: [a,b] as OUT.json and, embedded, OUT.S
set(list "")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  if(NOT list STREQUAL "")
    string(APPEND list ",")
  endif()
  string(APPEND list "${text}")
endforeach()
file(WRITE ${OUT}.json "[${list}]")
file(WRITE ${OUT}.S "\t.section .rodata
\t.globl api_schemas_json
api_schemas_json:
\t.incbin \"${OUT}.json\"
\t.byte 0
\t.section .note.GNU-stack,\"\",%progbits
")
