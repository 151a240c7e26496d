#include "qcsh_curl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The header repeats libcurl's numbers, so that it can be included without curl.h.
#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours)

SAME(QCURL_URL, CURLOPT_URL);
SAME(QCURL_PROXY, CURLOPT_PROXY);
SAME(QCURL_NOPROXY, CURLOPT_NOPROXY);
SAME(QCURL_CUSTOMREQUEST, CURLOPT_CUSTOMREQUEST);
SAME(QCURL_CAINFO, CURLOPT_CAINFO);
SAME(QCURL_CAPATH, CURLOPT_CAPATH);
SAME(QCURL_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYPEER);
SAME(QCURL_SSL_VERIFYHOST, CURLOPT_SSL_VERIFYHOST);
SAME(QCURL_FRESH_CONNECT, CURLOPT_FRESH_CONNECT);
SAME(QCURL_HTTPPROXYTUNNEL, CURLOPT_HTTPPROXYTUNNEL);
SAME(QCURL_HTTP_VERSION, CURLOPT_HTTP_VERSION);
SAME(QCURL_CONNECT_ONLY, CURLOPT_CONNECT_ONLY);
SAME(QCURL_TIMEOUT_MS, CURLOPT_TIMEOUT_MS);
SAME(QCURL_CONNECTTIMEOUT_MS, CURLOPT_CONNECTTIMEOUT_MS);
SAME(QCURL_SSL_ENABLE_ALPN, CURLOPT_SSL_ENABLE_ALPN);
SAME(QCURL_FOLLOWLOCATION, CURLOPT_FOLLOWLOCATION);
SAME(QCURL_HTTPGET, CURLOPT_HTTPGET);
SAME(QCURL_POST, CURLOPT_POST);
SAME(QCURL_PATH_AS_IS, CURLOPT_PATH_AS_IS);
SAME(QCURL_PROTOCOLS_STR, CURLOPT_PROTOCOLS_STR);
SAME(QCURL_TCP_NODELAY, CURLOPT_TCP_NODELAY);
SAME(QCURL_MAXAGE_CONN, CURLOPT_MAXAGE_CONN);
SAME(QCURL_ACCEPT_ENCODING, CURLOPT_ACCEPT_ENCODING);
SAME(QCURL_NOSIGNAL, CURLOPT_NOSIGNAL);
SAME(QCURL_VERBOSE, CURLOPT_VERBOSE);
SAME(QCURL_NOBODY, CURLOPT_NOBODY);
SAME(QCURL_OK, CURLE_OK);
SAME(QCURL_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_PROXY);
SAME(QCURL_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_HOST);
SAME(QCURL_COULDNT_CONNECT, CURLE_COULDNT_CONNECT);
SAME(QCURL_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT);
SAME(QCURL_SSL_CONNECT_ERROR, CURLE_SSL_CONNECT_ERROR);
SAME(QCURL_SSL_CERTPROBLEM, CURLE_SSL_CERTPROBLEM);
SAME(QCURL_SSL_CIPHER, CURLE_SSL_CIPHER);
SAME(QCURL_PEER_FAILED_VERIFICATION, CURLE_PEER_FAILED_VERIFICATION);
SAME(QCURL_SSL_CACERT_BADFILE, CURLE_SSL_CACERT_BADFILE);
SAME(QCURL_POLL_IN, CURL_POLL_IN);
SAME(QCURL_POLL_OUT, CURL_POLL_OUT);
SAME(QCURL_POLL_INOUT, CURL_POLL_INOUT);
SAME(QCURL_READY_IN, CURL_CSELECT_IN);
SAME(QCURL_READY_OUT, CURL_CSELECT_OUT);
SAME(QCURL_READY_ERROR, CURL_CSELECT_ERR);
SAME(QCURL_SOCKET_TIMEOUT, CURL_SOCKET_TIMEOUT);
SAME(QCURL_ERROR_SIZE, CURL_ERROR_SIZE);
SAME(QCURL_PAUSE, CURL_WRITEFUNC_PAUSE);
SAME(QCURL_INFO_RESPONSE_CODE, CURLINFO_RESPONSE_CODE);
SAME(QCURL_INFO_OS_ERRNO, CURLINFO_OS_ERRNO);
SAME(QCURL_HTTP_1_1, CURL_HTTP_VERSION_1_1);
SAME(QCURL_HTTP_2TLS, CURL_HTTP_VERSION_2TLS);

/// The functions of libcurl, and the two of libssl that it brings along.
static struct {
    CURLcode (*global_init)(long);
    curl_version_info_data *(*version_info)(CURLversion);
    const char *(*easy_strerror)(CURLcode);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    void (*easy_reset)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    CURLcode (*easy_send)(CURL *, const void *, size_t, size_t *);
    CURLcode (*easy_recv)(CURL *, void *, size_t, size_t *);
    CURLcode (*easy_pause)(CURL *, int);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_cleanup)(CURLM *);
    CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
    CURLMcode (*multi_add_handle)(CURLM *, CURL *);
    CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
    CURLMcode (*multi_socket_action)(CURLM *, curl_socket_t, int, int *);
    CURLMsg *(*multi_info_read)(CURLM *, int *);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
    time_t (*getdate)(const char *, const time_t *);
    int (*set_alpn)(void *context, const unsigned char *protocols, unsigned length);
    void (*get_alpn)(const void *ssl, const unsigned char **protocol, unsigned *length);
} curl;

static char load_error[300];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *find(void *library, const char *name) {
    void *symbol = dlsym(library, name);
    if (symbol == NULL && load_error[0] == '\0') {
        snprintf(load_error, sizeof load_error, "libcurl has no %s", name);
    }
    return symbol;
}

static void load(void) {
    // Most of what its libraries name is never called: binding it at once takes a sixth longer.
    void *library = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(load_error, sizeof load_error,
                 "libcurl cannot be loaded (%s); install libcurl4", dlerror());
        return;
    }
    *(void **)&curl.global_init = find(library, "curl_global_init");
    *(void **)&curl.version_info = find(library, "curl_version_info");
    *(void **)&curl.easy_strerror = find(library, "curl_easy_strerror");
    *(void **)&curl.easy_init = find(library, "curl_easy_init");
    *(void **)&curl.easy_cleanup = find(library, "curl_easy_cleanup");
    *(void **)&curl.easy_reset = find(library, "curl_easy_reset");
    *(void **)&curl.easy_setopt = find(library, "curl_easy_setopt");
    *(void **)&curl.easy_getinfo = find(library, "curl_easy_getinfo");
    *(void **)&curl.easy_send = find(library, "curl_easy_send");
    *(void **)&curl.easy_recv = find(library, "curl_easy_recv");
    *(void **)&curl.easy_pause = find(library, "curl_easy_pause");
    *(void **)&curl.multi_init = find(library, "curl_multi_init");
    *(void **)&curl.multi_cleanup = find(library, "curl_multi_cleanup");
    *(void **)&curl.multi_setopt = find(library, "curl_multi_setopt");
    *(void **)&curl.multi_add_handle = find(library, "curl_multi_add_handle");
    *(void **)&curl.multi_remove_handle = find(library, "curl_multi_remove_handle");
    *(void **)&curl.multi_socket_action = find(library, "curl_multi_socket_action");
    *(void **)&curl.multi_info_read = find(library, "curl_multi_info_read");
    *(void **)&curl.slist_append = find(library, "curl_slist_append");
    *(void **)&curl.slist_free_all = find(library, "curl_slist_free_all");
    *(void **)&curl.getdate = find(library, "curl_getdate");
    if (load_error[0] != '\0') return;
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        snprintf(load_error, sizeof load_error, "libcurl cannot be initialised");
        return;
    }
    const char *tls = curl.version_info(CURLVERSION_NOW)->ssl_version;
    if (tls == NULL || strncmp(tls, "OpenSSL", 7) != 0) {
        snprintf(load_error, sizeof load_error,
                 "libcurl is built with %s; OpenSSL's flavour (libcurl4) is needed",
                 tls == NULL ? "no TLS" : tls);
        return;
    }
    *(void **)&curl.set_alpn = find(library, "SSL_CTX_set_alpn_protos");
    *(void **)&curl.get_alpn = find(library, "SSL_get0_alpn_selected");
}

const char *qcurl_load(void) {
    pthread_once(&once, load);
    return load_error[0] == '\0' ? NULL : load_error;
}

const char *qcurl_error_text(int code) { return curl.easy_strerror((CURLcode)code); }

qcurl_easy *qcurl_easy_new(void) { return (qcurl_easy *)curl.easy_init(); }
void qcurl_easy_free(qcurl_easy *easy) { curl.easy_cleanup((CURL *)easy); }
void qcurl_easy_reset(qcurl_easy *easy) { curl.easy_reset((CURL *)easy); }

int qcurl_set_long(qcurl_easy *easy, int option, long value) {
    return (int)curl.easy_setopt((CURL *)easy, (CURLoption)option, value);
}

int qcurl_set_string(qcurl_easy *easy, int option, const char *value) {
    return (int)curl.easy_setopt((CURL *)easy, (CURLoption)option, value);
}

int qcurl_set_body(qcurl_easy *easy, const void *bytes, size_t length) {
    CURLcode code =
        curl.easy_setopt((CURL *)easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    if (code != CURLE_OK) return (int)code;
    return (int)curl.easy_setopt((CURL *)easy, CURLOPT_POSTFIELDS, bytes);
}

int qcurl_set_headers(qcurl_easy *easy, qcurl_headers *headers) {
    return (int)curl.easy_setopt((CURL *)easy, CURLOPT_HTTPHEADER, headers);
}

int qcurl_set_error_buffer(qcurl_easy *easy, char *buffer) {
    return (int)curl.easy_setopt((CURL *)easy, CURLOPT_ERRORBUFFER, buffer);
}

int qcurl_set_sinks(qcurl_easy *easy, qcurl_sink header, qcurl_sink body, void *user) {
    curl.easy_setopt((CURL *)easy, CURLOPT_HEADERFUNCTION, header);
    curl.easy_setopt((CURL *)easy, CURLOPT_HEADERDATA, user);
    curl.easy_setopt((CURL *)easy, CURLOPT_WRITEFUNCTION, body);
    return (int)curl.easy_setopt((CURL *)easy, CURLOPT_WRITEDATA, user);
}

static CURLcode offer_h2(CURL *easy, void *context, void *user) {
    (void)easy;
    (void)user;
    static const unsigned char protocols[] = {2, 'h', '2'};
    return curl.set_alpn(context, protocols, sizeof protocols) == 0 ? CURLE_OK
                                                                    : CURLE_SSL_CONNECT_ERROR;
}

int qcurl_offer_h2(qcurl_easy *easy) {
    // With its own ALPN on, libcurl would take an h2 connection over.
    CURLcode code = curl.easy_setopt((CURL *)easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    if (code != CURLE_OK) return (int)code;
    return (int)curl.easy_setopt((CURL *)easy, CURLOPT_SSL_CTX_FUNCTION, offer_h2);
}

bool qcurl_chosen_protocol(qcurl_easy *easy, char *text, size_t capacity) {
    struct curl_tlssessioninfo *session = NULL;
    if (curl.easy_getinfo((CURL *)easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK ||
        session == NULL || session->internals == NULL) {
        return false;
    }
    const unsigned char *protocol = NULL;
    unsigned length = 0;
    curl.get_alpn(session->internals, &protocol, &length);
    if (protocol == NULL || length == 0 || length >= capacity) return false;
    memcpy(text, protocol, length);
    text[length] = '\0';
    return true;
}

int qcurl_continue(qcurl_easy *easy) {
    return (int)curl.easy_pause((CURL *)easy, CURLPAUSE_CONT);
}

int qcurl_get_long(qcurl_easy *easy, int info, long *value) {
    return (int)curl.easy_getinfo((CURL *)easy, (CURLINFO)info, value);
}

int64_t qcurl_received(qcurl_easy *easy) {
    curl_off_t bytes = 0;
    curl.easy_getinfo((CURL *)easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    return bytes;
}

int qcurl_socket(qcurl_easy *easy) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl.easy_getinfo((CURL *)easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK) return -1;
    return (int)socket;
}

ssize_t qcurl_send(qcurl_easy *easy, const uint8_t *bytes, size_t length) {
    size_t sent = 0;
    CURLcode code = curl.easy_send((CURL *)easy, bytes, length, &sent);
    if (code == CURLE_AGAIN) return 0;
    return code == CURLE_OK ? (ssize_t)sent : -1;
}

ssize_t qcurl_receive(qcurl_easy *easy, uint8_t *bytes, size_t capacity) {
    size_t received = 0;
    CURLcode code = curl.easy_recv((CURL *)easy, bytes, capacity, &received);
    if (code == CURLE_AGAIN) return 0;
    return code == CURLE_OK && received > 0 ? (ssize_t)received : -1;
}

qcurl_multi *qcurl_multi_new(qcurl_watch watch, qcurl_timer timer, void *user) {
    CURLM *multi = curl.multi_init();
    if (multi == NULL) return NULL;
    curl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl.multi_setopt(multi, CURLMOPT_SOCKETDATA, user);
    curl.multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    curl.multi_setopt(multi, CURLMOPT_TIMERDATA, user);
    return (qcurl_multi *)multi;
}

void qcurl_multi_free(qcurl_multi *multi) { curl.multi_cleanup((CURLM *)multi); }

int qcurl_multi_add(qcurl_multi *multi, qcurl_easy *easy) {
    return (int)curl.multi_add_handle((CURLM *)multi, (CURL *)easy);
}

int qcurl_multi_remove(qcurl_multi *multi, qcurl_easy *easy) {
    return (int)curl.multi_remove_handle((CURLM *)multi, (CURL *)easy);
}

int qcurl_multi_act(qcurl_multi *multi, int socket, int events) {
    int running = 0;
    curl_socket_t which = socket < 0 ? CURL_SOCKET_TIMEOUT : (curl_socket_t)socket;
    return (int)curl.multi_socket_action((CURLM *)multi, which, events, &running);
}

qcurl_easy *qcurl_multi_next_done(qcurl_multi *multi, int *code) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl.multi_info_read((CURLM *)multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *code = (int)message->data.result;
            return (qcurl_easy *)message->easy_handle;
        }
    }
    return NULL;
}

qcurl_headers *qcurl_headers_add(qcurl_headers *headers, const char *line) {
    return (qcurl_headers *)curl.slist_append((struct curl_slist *)headers, line);
}

void qcurl_headers_free(qcurl_headers *headers) {
    curl.slist_free_all((struct curl_slist *)headers);
}

int64_t qcurl_date(const char *text) { return qcurl_load() == NULL ? curl.getdate(text, NULL) : -1; }
