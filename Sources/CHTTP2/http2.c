#include "qcsh_http2.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUTPUT_CAPACITY = 1 << 16,  ///< frames are gathered up to this size before they are sent
    INPUT_CAPACITY = 1 << 16,
    STREAM_WINDOW = 1 << 22,    ///< bytes a peer may send on one stream before we answer
    CONNECTION_WINDOW = 1 << 24,
    TEXT_CAPACITY = 256,
    MAXIMUM_IDLE_FRAMES = 10000,  ///< frames in a row that bring no call any further
    MAXIMUM_IDLE_BYTES = 1 << 22, ///< bytes of such frames, of kinds that nghttp2 passes over, too
};

typedef struct body {
    size_t length;
    size_t sent;
    uint8_t bytes[];
} body;

struct qh2_session {
    nghttp2_session *session;
    qh2_callbacks callbacks;
    void *owner;
    uint8_t output[OUTPUT_CAPACITY];
    size_t output_length;
    size_t output_sent;
    uint8_t input[INPUT_CAPACITY];
    int idle_frames;
    size_t idle_bytes;
    bool is_violated;
    bool has_detail; ///< whether the complaint is about a frame that will be reported
    char violation[TEXT_CAPACITY];
    char complaint[TEXT_CAPACITY];
    char farewell[TEXT_CAPACITY];
};

/// Announces the next piece of a body, which `write_data` copies to the output.
static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t length,
                         uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)session;
    (void)stream;
    (void)buffer;
    (void)user;
    body *data = source->ptr;
    size_t rest = data->length - data->sent;
    size_t count = rest < length ? rest : length;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (count == rest) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)count;
}

/// Writes a DATA frame to the output, straight from the request's body.
static int write_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *header,
                      size_t length, nghttp2_data_source *source, void *user) {
    enum { HEADER = 9 };
    (void)session;
    (void)frame; // never padded: no callback for padding is set
    qh2_session *self = user;
    body *data = source->ptr;
    if (HEADER + length > OUTPUT_CAPACITY - self->output_length) return NGHTTP2_ERR_WOULDBLOCK;
    memcpy(self->output + self->output_length, header, HEADER);
    memcpy(self->output + self->output_length + HEADER, data->bytes + data->sent, length);
    self->output_length += HEADER + length;
    data->sent += length;
    return 0;
}

/// Ends the session: the peer sends much and gets no call any further.
static void end_flood(qh2_session *self, const char *what, int number) {
    if (self->violation[0] != '\0') return;
    snprintf(self->violation, TEXT_CAPACITY, "a flood of %d %s without an answer", number, what);
    nghttp2_session_terminate_session(self->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

/// Counts a frame that was received.
static int on_frame_begin(nghttp2_session *session, const nghttp2_frame_hd *header, void *user) {
    (void)session;
    (void)header;
    qh2_session *self = user;
    if (++self->idle_frames == MAXIMUM_IDLE_FRAMES) {
        end_flood(self, "frames", MAXIMUM_IDLE_FRAMES);
    }
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags,
                     void *user) {
    (void)session;
    (void)flags;
    qh2_session *self = user;
    self->callbacks.header(self->owner, frame->hd.stream_id, name, name_length, value,
                           value_length);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    qh2_session *self = user;
    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) {
            uint32_t streams = nghttp2_session_get_remote_settings(
                session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
            self->callbacks.settings(self->owner, streams);
        }
        break;
    case NGHTTP2_PING:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK) self->callbacks.pong(self->owner);
        break;
    case NGHTTP2_GOAWAY:
        snprintf(self->farewell, TEXT_CAPACITY, "%.*s",
                 (int)(frame->goaway.opaque_data_len < 200 ? frame->goaway.opaque_data_len : 200),
                 frame->goaway.opaque_data_len > 0 ? (const char *)frame->goaway.opaque_data : "");
        self->callbacks.goaway(self->owner, frame->goaway.last_stream_id,
                               frame->goaway.error_code);
        break;
    default: break;
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
                   size_t length, void *user) {
    (void)session;
    (void)flags;
    qh2_session *self = user;
    if (length > 0) self->idle_frames = 0, self->idle_bytes = 0;
    self->callbacks.data(self->owner, stream, bytes, length);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error, void *user) {
    qh2_session *self = user;
    self->idle_frames = 0;
    self->idle_bytes = 0;
    free(nghttp2_session_get_stream_user_data(session, stream));
    nghttp2_session_set_stream_user_data(session, stream, NULL);
    self->callbacks.stream_end(self->owner, stream, error);
    self->complaint[0] = '\0';
    return 0;
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
                            void *user) {
    (void)session;
    qh2_session *self = user;
    // The message just before, of a header for example, is more exact.
    if (!self->has_detail) {
        snprintf(self->complaint, TEXT_CAPACITY, "frame of type %d: %s", frame->hd.type,
                 nghttp2_strerror(error));
    }
    self->has_detail = false;
    return 0;
}

static int on_complaint(nghttp2_session *session, int error, const char *text, size_t length,
                        void *user) {
    (void)session;
    (void)error;
    qh2_session *self = user;
    self->has_detail = true;
    snprintf(self->complaint, TEXT_CAPACITY, "%.*s", (int)(length < 200 ? length : 200), text);
    return 0;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)session;
    qh2_session *self = user;
    if (frame->hd.type != NGHTTP2_GOAWAY || frame->goaway.error_code == NGHTTP2_NO_ERROR) return 0;
    // nghttp2 puts its reason where peers may read it.
    size_t length = frame->goaway.opaque_data_len;
    self->is_violated = true;
    if (self->violation[0] != '\0') return 0;
    snprintf(self->violation, TEXT_CAPACITY, "%s%s%.*s",
             nghttp2_http2_strerror(frame->goaway.error_code), length > 0 ? ": " : "",
             (int)(length < 200 ? length : 200), (const char *)frame->goaway.opaque_data);
    return 0;
}

qh2_session *qh2_open(const qh2_callbacks *callbacks, void *owner) {
    qh2_session *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->callbacks = *callbacks;
    self->owner = owner;
    nghttp2_session_callbacks *table = NULL;
    if (nghttp2_session_callbacks_new(&table) != 0) {
        free(self);
        return NULL;
    }
    nghttp2_session_callbacks_set_send_data_callback(table, write_data);
    nghttp2_session_callbacks_set_on_header_callback(table, on_header);
    nghttp2_session_callbacks_set_on_begin_frame_callback(table, on_frame_begin);
    nghttp2_session_callbacks_set_on_frame_recv_callback(table, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(table, on_stream_close);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, on_invalid_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(table, on_frame_sent);
    nghttp2_session_callbacks_set_error_callback2(table, on_complaint);
    int result = nghttp2_session_client_new(&self->session, table, self);
    nghttp2_session_callbacks_del(table);
    if (result != 0) {
        free(self);
        return NULL;
    }
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
    };
    nghttp2_submit_settings(self->session, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(self->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
    return self;
}

void qh2_close(qh2_session *self) {
    if (self == NULL) return;
    nghttp2_session_del(self->session);
    free(self);
}

int32_t qh2_request(qh2_session *self, const qh2_header *headers, size_t count,
                    const uint8_t *bytes, size_t length) {
    enum { MAX_HEADERS = 64 };
    if (count > MAX_HEADERS) return NGHTTP2_ERR_INVALID_ARGUMENT;
    nghttp2_nv pairs[MAX_HEADERS];
    for (size_t i = 0; i < count; i++) {
        pairs[i] = (nghttp2_nv){
            .name = (uint8_t *)headers[i].name,
            .namelen = headers[i].name_length,
            .value = (uint8_t *)headers[i].value,
            .valuelen = headers[i].value_length,
            .flags = headers[i].is_secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
        };
    }
    body *data = malloc(sizeof *data + length);
    if (data == NULL) return NGHTTP2_ERR_NOMEM;
    data->length = length;
    data->sent = 0;
    if (length > 0) memcpy(data->bytes, bytes, length);
    nghttp2_data_provider provider = {.source = {.ptr = data}, .read_callback = read_body};
    int32_t stream = nghttp2_submit_request(self->session, NULL, pairs, count, &provider, data);
    if (stream < 0) free(data);
    return stream;
}

void qh2_reset(qh2_session *self, int32_t stream, uint32_t error) {
    nghttp2_submit_rst_stream(self->session, NGHTTP2_FLAG_NONE, stream, error);
}

void qh2_ping(qh2_session *self) {
    nghttp2_submit_ping(self->session, NGHTTP2_FLAG_NONE, NULL);
}

int qh2_flush(qh2_session *self) {
    while (true) {
        while (self->output_sent < self->output_length) {
            ssize_t sent = self->callbacks.send(self->owner, self->output + self->output_sent,
                                                self->output_length - self->output_sent);
            if (sent < 0) return -1;
            if (sent == 0) return 1;
            self->output_sent += (size_t)sent;
        }
        self->output_sent = 0;
        self->output_length = 0;
        // A frame is at most 16 KiB and its header: it fits when a quarter of the room is free.
        while (self->output_length <= OUTPUT_CAPACITY - (1 << 15)) {
            const uint8_t *bytes = NULL;
            ssize_t length = nghttp2_session_mem_send(self->session, &bytes);
            if (length < 0) return (int)length;
            if (length == 0) break;
            if ((size_t)length > OUTPUT_CAPACITY - self->output_length) return NGHTTP2_ERR_PROTO;
            memcpy(self->output + self->output_length, bytes, (size_t)length);
            self->output_length += (size_t)length;
        }
        if (self->output_length == 0) return 0;
    }
}

static int feed(qh2_session *self, const uint8_t *bytes, size_t length) {
    self->idle_bytes += length;
    ssize_t used = nghttp2_session_mem_recv(self->session, bytes, length);
    if (self->idle_bytes > MAXIMUM_IDLE_BYTES) end_flood(self, "bytes", MAXIMUM_IDLE_BYTES);
    return used < 0 ? (int)used : 0;
}

int qh2_read(qh2_session *self, size_t limit) {
    size_t total = 0;
    while (total < limit) {
        ssize_t length = self->callbacks.receive(self->owner, self->input, INPUT_CAPACITY);
        if (length < 0) return -1;
        if (length == 0) return 0;
        int result = feed(self, self->input, (size_t)length);
        if (result < 0) return result;
        total += (size_t)length;
    }
    return 1;
}

const char *qh2_violation(qh2_session *self) {
    return self->is_violated ? self->violation : NULL;
}

const char *qh2_farewell(qh2_session *self) { return self->farewell; }

const char *qh2_complaint(qh2_session *self) { return self->complaint; }

const char *qh2_error_text(int error) { return nghttp2_strerror(error); }
