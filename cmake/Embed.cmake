# cmake -DIN=file -DOUT=file.c -DNAME=symbol -P Embed.cmake: the bytes of a file as a C array
# `const unsigned char NAME_bytes[]` and `const unsigned long NAME_size`.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," body "${hex}")
file(WRITE ${OUT} "extern const unsigned char ${NAME}_bytes[];\nextern const unsigned long ${NAME}_size;\nconst unsigned char ${NAME}_bytes[] = {${body}};\nconst unsigned long ${NAME}_size = sizeof(${NAME}_bytes);\n")
