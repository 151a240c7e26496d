/// A client's HTTP/2 session over bytes that somebody else carries.
///
/// Wraps libnghttp2: requests go in; headers, data, ends of streams, GOAWAY, SETTINGS and answers
/// to PING come out through callbacks. It knows neither sockets nor gRPC.
#ifndef QCSH_HTTP2_H
#define QCSH_HTTP2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct qh2_session qh2_session;

/// A header of a request.
typedef struct qh2_header {
    const char *name;
    size_t name_length;
    const char *value;
    size_t value_length;
    bool is_secret; ///< never indexed by header compression
} qh2_header;

/// What a session needs and reports. `owner` is passed to every function.
typedef struct qh2_callbacks {
    /// Sends some bytes. Returns how many, 0 when it would block, -1 when the connection is gone.
    ssize_t (*send)(void *owner, const uint8_t *bytes, size_t length);
    /// Receives some bytes. Returns how many, 0 when it would block, -1 at the end or on failure.
    ssize_t (*receive)(void *owner, uint8_t *bytes, size_t capacity);
    void (*header)(void *owner, int32_t stream, const uint8_t *name, size_t name_length,
                   const uint8_t *value, size_t value_length);
    void (*data)(void *owner, int32_t stream, const uint8_t *bytes, size_t length);
    /// A stream is over; `error` is the HTTP/2 error code, 0 for a regular end.
    void (*stream_end)(void *owner, int32_t stream, uint32_t error);
    void (*goaway)(void *owner, int32_t last_stream, uint32_t error);
    void (*settings)(void *owner, uint32_t maximum_streams);
    void (*pong)(void *owner);
} qh2_callbacks;

/// Opens a session and queues the client's preface. NULL when memory runs out.
qh2_session *qh2_open(const qh2_callbacks *callbacks, void *owner);

/// Frees a session without a word to the peer.
void qh2_close(qh2_session *session);

/// Queues a request with a body, which is copied. Returns the stream, or a negative nghttp2 error.
int32_t qh2_request(qh2_session *session, const qh2_header *headers, size_t count,
                    const uint8_t *body, size_t length);

/// Queues RST_STREAM.
void qh2_reset(qh2_session *session, int32_t stream, uint32_t error);

/// Queues a PING.
void qh2_ping(qh2_session *session);

/// Sends what is queued. Returns 0 when all is sent, 1 when sending would block, -1 when the
/// connection is gone, or a negative nghttp2 error below -100.
int qh2_flush(qh2_session *session);

/// Receives and handles what has come, up to about `limit` bytes, so that a peer that never stops
/// does not keep its caller from everything else. Returns 0 when no more is there, 1 when more may
/// be, -1 when the connection is gone, or a negative nghttp2 error below -100.
int qh2_read(qh2_session *session, size_t limit);

/// The rule of HTTP/2 that the peer has broken, so that this side has sent GOAWAY and will not read
/// any more; NULL while the connection is good. Known after qh2_flush.
const char *qh2_violation(qh2_session *session);

/// The text of the peer's last GOAWAY; may be empty.
const char *qh2_farewell(qh2_session *session);

/// The rule that the peer broke last, for a stream that ended with an error; may be empty.
const char *qh2_complaint(qh2_session *session);

/// nghttp2's words for an error.
const char *qh2_error_text(int error);

#endif
