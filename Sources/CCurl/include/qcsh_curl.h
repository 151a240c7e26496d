/// libcurl, loaded on first use, with its variadic calls as typed functions.
///
/// Nothing here is linked against libcurl: it brings some twenty-five libraries along, which a run
/// that makes no call shall not pay for.
#ifndef QCSH_CURL_H
#define QCSH_CURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct qcurl_easy qcurl_easy;
typedef struct qcurl_multi qcurl_multi;
typedef struct qcurl_headers qcurl_headers;

/// Loads libcurl. Returns NULL, or what is wrong in words for a person.
const char *qcurl_load(void);

/// libcurl's words for an error of an easy handle.
const char *qcurl_error_text(int code);

qcurl_easy *qcurl_easy_new(void);
void qcurl_easy_free(qcurl_easy *easy);
void qcurl_easy_reset(qcurl_easy *easy);

/// Options, by the numbers of enum qcurl_option. Return a CURLcode.
int qcurl_set_long(qcurl_easy *easy, int option, long value);
int qcurl_set_string(qcurl_easy *easy, int option, const char *value);
/// The bytes are not copied: they must stay until the transfer is over.
int qcurl_set_body(qcurl_easy *easy, const void *bytes, size_t length);
int qcurl_set_headers(qcurl_easy *easy, qcurl_headers *headers);
/// `capacity` must be at least 256.
int qcurl_set_error_buffer(qcurl_easy *easy, char *buffer);

typedef size_t (*qcurl_sink)(char *bytes, size_t size, size_t count, void *user);
int qcurl_set_sinks(qcurl_easy *easy, qcurl_sink header, qcurl_sink body, void *user);

/// Makes the TLS handshake offer "h2" alone. The connection is then spoken to by somebody else.
int qcurl_offer_h2(qcurl_easy *easy);

/// The application protocol that the handshake chose; false when there is none. Valid after the
/// first qcurl_receive.
bool qcurl_chosen_protocol(qcurl_easy *easy, char *text, size_t capacity);

/// Goes on with a transfer whose body sink has returned QCURL_PAUSE.
int qcurl_continue(qcurl_easy *easy);

int qcurl_get_long(qcurl_easy *easy, int info, long *value);

/// How many bytes of the answer's body have come, as they were sent: compressed, if they were.
int64_t qcurl_received(qcurl_easy *easy);

/// The socket of a connection opened with CONNECT_ONLY; -1 when there is none.
int qcurl_socket(qcurl_easy *easy);

/// Raw bytes over a connection opened with CONNECT_ONLY. Return the count, 0 when it would block,
/// -1 at the end of the connection or on failure.
ssize_t qcurl_send(qcurl_easy *easy, const uint8_t *bytes, size_t length);
ssize_t qcurl_receive(qcurl_easy *easy, uint8_t *bytes, size_t capacity);

/// Called when a socket is to be watched: `what` is 1 in, 2 out, 3 both, 4 remove.
typedef int (*qcurl_watch)(void *easy, int socket, int what, void *user, void *socket_user);
/// Called when the timer is to be set: `milliseconds` -1 removes it.
typedef int (*qcurl_timer)(void *multi, long milliseconds, void *user);

qcurl_multi *qcurl_multi_new(qcurl_watch watch, qcurl_timer timer, void *user);
void qcurl_multi_free(qcurl_multi *multi);
int qcurl_multi_add(qcurl_multi *multi, qcurl_easy *easy);
int qcurl_multi_remove(qcurl_multi *multi, qcurl_easy *easy);
/// Handles what happened on a socket (`events`: 1 in, 2 out, 4 error), or the timer (socket -1).
int qcurl_multi_act(qcurl_multi *multi, int socket, int events);
/// The next transfer that is over, with its CURLcode; NULL when there is none.
qcurl_easy *qcurl_multi_next_done(qcurl_multi *multi, int *code);

qcurl_headers *qcurl_headers_add(qcurl_headers *headers, const char *line);
void qcurl_headers_free(qcurl_headers *headers);

/// Options of libcurl that are used, by its own numbers.
enum qcurl_option {
    QCURL_VERBOSE = 41,
    QCURL_NOSIGNAL = 99,
    QCURL_URL = 10002,
    QCURL_PROXY = 10004,
    QCURL_NOPROXY = 10177,
    QCURL_CUSTOMREQUEST = 10036,
    QCURL_CAINFO = 10065,
    QCURL_CAPATH = 10097,
    QCURL_SSL_VERIFYPEER = 64,
    QCURL_SSL_VERIFYHOST = 81,
    QCURL_FRESH_CONNECT = 74,
    QCURL_HTTPPROXYTUNNEL = 61,
    QCURL_HTTP_VERSION = 84,
    QCURL_CONNECT_ONLY = 141,
    QCURL_TIMEOUT_MS = 155,
    QCURL_CONNECTTIMEOUT_MS = 156,
    QCURL_SSL_ENABLE_ALPN = 226,
    QCURL_FOLLOWLOCATION = 52,
    QCURL_HTTPGET = 80,
    QCURL_POST = 47,
    QCURL_PATH_AS_IS = 234,
    QCURL_PROTOCOLS_STR = 10318,
    QCURL_TCP_NODELAY = 121,
    QCURL_MAXAGE_CONN = 288,
    QCURL_ACCEPT_ENCODING = 10102,
    QCURL_NOBODY = 44,
};

/// Results of transfers that mean something here (CURLcode).
enum qcurl_code {
    QCURL_OK = 0,
    QCURL_COULDNT_RESOLVE_PROXY = 5,
    QCURL_COULDNT_RESOLVE_HOST = 6,
    QCURL_COULDNT_CONNECT = 7,
    QCURL_OPERATION_TIMEDOUT = 28,
    QCURL_SSL_CONNECT_ERROR = 35,
    QCURL_SSL_CERTPROBLEM = 58,
    QCURL_SSL_CIPHER = 59,
    QCURL_PEER_FAILED_VERIFICATION = 60,
    QCURL_SSL_CACERT_BADFILE = 77,
};

/// The socket readiness that libcurl asks to be notified about (CURL_POLL_*).
enum qcurl_interest { QCURL_POLL_IN = 1, QCURL_POLL_OUT = 2, QCURL_POLL_INOUT = 3 };

/// The readiness of a socket, as bits (CURL_CSELECT_*).
enum qcurl_readiness { QCURL_READY_IN = 1, QCURL_READY_OUT = 2, QCURL_READY_ERROR = 4 };

/// The argument of qcurl_multi_act for a timeout (CURL_SOCKET_TIMEOUT).
enum qcurl_socket { QCURL_SOCKET_TIMEOUT = -1 };

/// The least room of a transfer's error buffer, in bytes (CURL_ERROR_SIZE).
enum { QCURL_ERROR_SIZE = 256 };

enum qcurl_info { QCURL_INFO_RESPONSE_CODE = 0x200002, QCURL_INFO_OS_ERRNO = 0x200019 };

/// What a body sink returns when it can take no more for now.
enum qcurl_sink_result { QCURL_PAUSE = 0x10000001 };

enum qcurl_http_version { QCURL_HTTP_1_1 = 2, QCURL_HTTP_2TLS = 4 };

/// The seconds since 1970 of a date as HTTP writes it (RFC 9110, section 5.6.7); -1 when it is not one.
int64_t qcurl_date(const char *text);

/// Inflates a gzip stream (zlib). Returns the length, or -1; grows no further than `limit` bytes.
ssize_t qcurl_gunzip(const uint8_t *bytes, size_t length, uint8_t **inflated, size_t limit);

#endif
