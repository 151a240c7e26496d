#include "qcsh_curl.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

ssize_t qcurl_gunzip(const uint8_t *bytes, size_t length, uint8_t **inflated, size_t limit) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (length > UINT32_MAX || inflateInit2(&stream, 15 + 16) != Z_OK) return -1;
    size_t capacity = length * 4 + 1024;
    size_t used = 0;
    uint8_t *output = NULL;
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)length;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        if (output == NULL || used == capacity) {
            if (output != NULL) capacity *= 2;
            if (capacity > limit + 1) capacity = limit + 1;
            uint8_t *grown = used >= capacity ? NULL : realloc(output, capacity);
            if (grown == NULL) break;
            output = grown;
        }
        stream.next_out = output + used;
        stream.avail_out = (uInt)(capacity - used);
        status = inflate(&stream, Z_NO_FLUSH);
        used = capacity - stream.avail_out;
        if (status != Z_OK && status != Z_STREAM_END) break;
        if (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;
    }
    inflateEnd(&stream);
    // Bytes after the end belong to no message.
    if (status != Z_STREAM_END || stream.avail_in > 0 || used > limit) {
        free(output);
        return -1;
    }
    *inflated = output;
    return (ssize_t)used;
}
