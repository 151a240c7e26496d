// A gRPC server for benchmarks, over cleartext HTTP/2: one thread, epoll and libnghttp2. Every
// request gets the same message, so that the clients' speed is what is measured.
//
//   echo_server [--port N] [--response FILE] [--exit-with-stdin]
//
// FILE holds a serialized message (without the 5 bytes of gRPC's prefix); without it the answer is
// an empty message. Prints {"address":"127.0.0.1:N","ca_file":null} once it serves, and, on
// SIGTERM, what it served, to stderr.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { read_size = 64 * 1024, write_size = 64 * 1024, window = 16 * 1024 * 1024 };

typedef struct {
    int socket;
    bool wants_write;
    nghttp2_session *session;
    size_t sent, pending;
    uint8_t output[write_size + 32 * 1024];
} connection;

static struct {
    uint8_t *bytes;
    size_t count;
} response;

static struct {
    unsigned long connections, streams, resets;
} served;

static int poller;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// The answer.

// The stream's user data counts the bytes of the answer that are on their way.
static ssize_t read_response(nghttp2_session *session, int32_t stream, uint8_t *buffer,
                             size_t length, uint32_t *flags, nghttp2_data_source *source,
                             void *context) {
    (void)source, (void)context;
    size_t position = (size_t)(uintptr_t)nghttp2_session_get_stream_user_data(session, stream);
    size_t rest = response.count - position;
    size_t count = length < rest ? length : rest;
    memcpy(buffer, response.bytes + position, count);
    position += count;
    nghttp2_session_set_stream_user_data(session, stream, (void *)(uintptr_t)position);
    if (position == response.count) {
        static uint8_t name[] = "grpc-status", value[] = "0";
        nghttp2_nv trailer = {name, value, sizeof name - 1, sizeof value - 1, 0};
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(session, stream, &trailer, 1) != 0) {
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)count;
}

static int frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
    (void)context;
    bool request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (frame->hd.type == NGHTTP2_RST_STREAM) served.resets++;
    if (!request || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    served.streams++;
    static uint8_t status[] = ":status", ok[] = "200";
    static uint8_t type[] = "content-type", grpc[] = "application/grpc";
    nghttp2_nv headers[] = {{status, ok, sizeof status - 1, sizeof ok - 1, 0},
                            {type, grpc, sizeof type - 1, sizeof grpc - 1, 0}};
    nghttp2_data_provider provider = {.read_callback = read_response};
    return nghttp2_submit_response(session, frame->hd.stream_id, headers, 2, &provider);
}

// Connections.

static nghttp2_session *new_session(connection *self) {
    static nghttp2_session_callbacks *callbacks;
    static nghttp2_option *options;
    if (!callbacks) {
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
        nghttp2_option_new(&options);
        nghttp2_option_set_stream_reset_rate_limit(options, UINT64_MAX, UINT64_MAX);
    }
    nghttp2_session *session;
    if (nghttp2_session_server_new2(&session, callbacks, self, options) != 0) return NULL;
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000},
                                         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window);
    return session;
}

static void watch(connection *self, int operation, bool writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = self};
    self->wants_write = writing;
    epoll_ctl(poller, operation, self->socket, &event);
}

static void accept_all(int listener) {
    for (;;) {
        int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        connection *self = calloc(1, sizeof *self);
        int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (self) self->session = new_session(self);
        if (!self || !self->session) {
            close(socket);
            free(self);
            continue;
        }
        self->socket = socket;
        served.connections++;
        watch(self, EPOLL_CTL_ADD, true);
    }
}

static void close_connection(connection *self) {
    nghttp2_session_del(self->session);
    close(self->socket);
    free(self);
}

// Collects frames until the buffer holds enough for one write. False: the session is broken.
static bool fill(connection *self) {
    self->sent = self->pending = 0;
    while (self->pending < write_size) {
        const uint8_t *data;
        ssize_t count = nghttp2_session_mem_send(self->session, &data);
        if (count < 0 || (size_t)count > sizeof self->output - self->pending) return false;
        if (count == 0) break;
        memcpy(self->output + self->pending, data, (size_t)count);
        self->pending += (size_t)count;
    }
    return true;
}

static bool send_frames(connection *self) {
    for (;;) {
        if (self->sent == self->pending) {
            if (!fill(self)) return false;
            if (self->pending == 0) break;
        }
        ssize_t count = send(self->socket, self->output + self->sent,
                             self->pending - self->sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) return false;
        self->sent += (size_t)count;
    }
    bool writing = self->sent < self->pending;
    if (writing != self->wants_write) watch(self, EPOLL_CTL_MOD, writing);
    return writing || nghttp2_session_want_read(self->session) ||
           nghttp2_session_want_write(self->session);
}

static bool receive_frames(connection *self) {
    static uint8_t input[read_size];
    ssize_t count = recv(self->socket, input, sizeof input, 0);
    if (count < 0) return errno == EAGAIN;
    return count > 0 &&
           nghttp2_session_mem_recv(self->session, input, (size_t)count) == count;
}

static void serve_connection(connection *self, uint32_t events) {
    bool alive = !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || receive_frames(self);
    if (!alive || !send_frames(self)) close_connection(self);
}

// The program.

static void read_file(const char *path) {
    size_t size = 0;
    if (path) {
        FILE *file = fopen(path, "rb");
        if (!file || fseek(file, 0, SEEK_END) != 0) fail(path);
        size = (size_t)ftell(file);
        rewind(file);
        response.bytes = malloc(size + 5);
        if (!response.bytes || fread(response.bytes + 5, 1, size, file) != size) fail(path);
        fclose(file);
    } else if (!(response.bytes = malloc(5))) {
        fail("malloc");
    }
    uint8_t prefix[] = {0, (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                        (uint8_t)size};
    memcpy(response.bytes, prefix, sizeof prefix);
    response.count = size + sizeof prefix;
}

static int listen_at(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, length) != 0) fail("bind");
    if (listen(listener, 1024) != 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("{\"address\":\"127.0.0.1:%u\",\"ca_file\":null}\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static int end_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

static bool stdin_ended(void) {
    char ignored[4096];
    ssize_t count = read(STDIN_FILENO, ignored, sizeof ignored);
    return count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN);
}

// Returns at SIGTERM, or at the end of stdin when it is watched.
static void serve(int listener, int signals, bool watch_stdin) {
    static int sources[3]; // the events' tags: listener, signals, stdin
    int descriptors[] = {listener, signals, STDIN_FILENO};
    for (int i = 0; i < (watch_stdin ? 3 : 2); i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &sources[i]};
        // A regular file or /dev/null cannot be watched; it is at its end at once.
        if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptors[i], &event) != 0) return;
    }
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, -1);
        for (int i = 0; i < count; i++) {
            void *source = events[i].data.ptr;
            if (source == &sources[0]) {
                accept_all(listener);
            } else if (source == &sources[1] || (source == &sources[2] && stdin_ended())) {
                return;
            } else if (source != &sources[2]) {
                serve_connection(source, events[i].events);
            }
        }
    }
}

int main(int count, char **arguments) {
        const char *path = NULL;
    uint16_t port = 0;
    bool watch_stdin = false;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--port") == 0 && i + 1 < count) {
            port = (uint16_t)atoi(arguments[++i]);
        } else if (strcmp(arguments[i], "--response") == 0 && i + 1 < count) {
            path = arguments[++i];
        } else if (strcmp(arguments[i], "--exit-with-stdin") == 0) {
            watch_stdin = true;
        } else {
            fprintf(stderr, "usage: %s [--port N] [--response FILE] [--exit-with-stdin]\n",
                    arguments[0]);
            return 2;
        }
    }
    read_file(path);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) fail("epoll_create1");
    int signals = end_signals();
    serve(listen_at(port), signals, watch_stdin);
    fprintf(stderr, "connections %lu, streams %lu, resets received %lu\n", served.connections,
            served.streams, served.resets);
    return 0;
}
