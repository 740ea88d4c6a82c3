/* Stands between a program and the C library (LD_PRELOAD): writes down what the program does to the files of one folder, and
 * lets writes or reads fail from some count on. Only what changes files on disk, or promises that they are there, is recorded.
 *
 * RECORDER_ROOT       the folder; calls that concern other paths pass through untouched
 * RECORDER_LOG        where to write the record; nothing is recorded without it
 * RECORDER_FULL_AFTER the disk is full after this many writes: they fail with ENOSPC
 * RECORDER_DEAD_AFTER the disk cannot be read after this many reads: they fail with EIO
 * RECORDER_UNSYNCED_AFTER the disk takes no sync after this many: they fail with EIO
 * RECORDER_DENIED     nobody may write: whatever would open a file for writing, or change a name, fails with EACCES
 *
 * The record is a sequence of entries in the order in which the calls took effect; each is one line of text, and the line of
 * a write is followed by the bytes that were written:
 *
 *   open HANDLE PATH      a file was opened for writing or created, or a folder was opened
 *   clear HANDLE          it was emptied by being opened
 *   write HANDLE OFFSET LENGTH
 *   cut HANDLE LENGTH     its length was set
 *   sync HANDLE           everything done to it until now is on the disk
 *   make PATH, rename PATH<TAB>PATH, link PATH<TAB>PATH, unlink PATH, rmdir PATH
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 65536 };

/* The handle of each open file of the folder; 0 for all others. */
static int handles[DESCRIPTORS_MAX];
static int last_handle;
static long writes, reads, syncs;
static int record = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    return found;
}

static int inside(const char *path) {
    const char *root = getenv("RECORDER_ROOT");
    if (root == NULL || path == NULL) return 0;
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void put(const void *bytes, size_t length) {
    const char *rest = bytes;
    while (length > 0) {
        ssize_t written = REAL(write)(record, rest, length);
        if (written < 0) abort();
        rest += written;
        length -= (size_t)written;
    }
}

static void note(const char *format, ...) {
    const char *path = getenv("RECORDER_LOG");
    if (path == NULL) return;
    if (record < 0) record = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (record < 0) abort();
    char line[2 * PATH_MAX + 64];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put(line, (size_t)length);
}

static int past(const char *limit, long *count) {
    const char *text = getenv(limit);
    return text != NULL && (*count)++ >= atol(text);
}

static int handle_of(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS_MAX ? handles[descriptor] : 0;
}

static int fails(int number) {
    errno = number;
    return -1;
}

static int denied(const char *path) {
    return inside(path) && getenv("RECORDER_DENIED") != NULL;
}

static int open_any(const char *path, int flags, mode_t mode) {
    /* A file that never has a name is gone with the power, so what happens to it does not matter. */
    if (!inside(path) || (flags & O_TMPFILE) == O_TMPFILE) return REAL(open)(path, flags, mode);
    if (denied(path) && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0)) return fails(EACCES);
    pthread_mutex_lock(&lock);
    int existed = access(path, F_OK) == 0;
    int descriptor = REAL(open)(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX) {
        handles[descriptor] = ++last_handle;
        int writes_it = (flags & O_ACCMODE) != O_RDONLY;
        struct stat status;
        int folder = fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
        if (writes_it || folder || !existed) note("open %d %s\n", last_handle, path);
        if (existed && (flags & O_TRUNC) != 0) note("clear %d\n", last_handle);
    }
    pthread_mutex_unlock(&lock);
    return descriptor;
}

static mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                                      \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode_t mode = mode_of(flags, arguments);                                                                       \
        va_end(arguments);                                                                                             \
        return open_any(path, flags, mode);                                                                            \
    }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
    pthread_mutex_lock(&lock);
    if (handle_of(descriptor) != 0) handles[descriptor] = 0;
    int result = REAL(close)(descriptor);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    int handle = handle_of(descriptor);
    if (handle == 0) return REAL(write)(descriptor, bytes, length);
    pthread_mutex_lock(&lock);
    ssize_t written = past("RECORDER_FULL_AFTER", &writes) ? fails(ENOSPC) : REAL(write)(descriptor, bytes, length);
    if (written > 0) {
        note("write %d %lld %zd\n", handle, (long long)lseek(descriptor, 0, SEEK_CUR) - written, written);
        if (getenv("RECORDER_LOG") != NULL) put(bytes, (size_t)written);
    }
    pthread_mutex_unlock(&lock);
    return written;
}

#define PWRITE(name, offset_type)                                                                                       \
    ssize_t name(int descriptor, const void *bytes, size_t length, offset_type offset) {                               \
        int handle = handle_of(descriptor);                                                                            \
        if (handle == 0) return REAL(name)(descriptor, bytes, length, offset);                                         \
        pthread_mutex_lock(&lock);                                                                                     \
        int full = past("RECORDER_FULL_AFTER", &writes);                                                               \
        ssize_t written = full ? fails(ENOSPC) : REAL(name)(descriptor, bytes, length, offset);                        \
        if (written > 0) {                                                                                             \
            note("write %d %lld %zd\n", handle, (long long)offset, written);                                           \
            if (getenv("RECORDER_LOG") != NULL) put(bytes, (size_t)written);                                           \
        }                                                                                                              \
        pthread_mutex_unlock(&lock);                                                                                   \
        return written;                                                                                                \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t read(int descriptor, void *bytes, size_t length) {
    if (handle_of(descriptor) != 0 && past("RECORDER_DEAD_AFTER", &reads)) return fails(EIO);
    return REAL(read)(descriptor, bytes, length);
}

#define PREAD(name, offset_type)                                                                                        \
    ssize_t name(int descriptor, void *bytes, size_t length, offset_type offset) {                                     \
        if (handle_of(descriptor) != 0 && past("RECORDER_DEAD_AFTER", &reads)) return fails(EIO);                      \
        return REAL(name)(descriptor, bytes, length, offset);                                                          \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define TRUNCATE(name, offset_type)                                                                                     \
    int name(int descriptor, offset_type length) {                                                                     \
        pthread_mutex_lock(&lock);                                                                                     \
        int result = REAL(name)(descriptor, length);                                                                   \
        if (result == 0 && handle_of(descriptor) != 0) note("cut %d %lld\n", handle_of(descriptor), (long long)length); \
        pthread_mutex_unlock(&lock);                                                                                   \
        return result;                                                                                                 \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                                                                      \
    int name(int descriptor) {                                                                                         \
        pthread_mutex_lock(&lock);                                                                                     \
        int handle = handle_of(descriptor);                                                                            \
        int dead = handle != 0 && past("RECORDER_UNSYNCED_AFTER", &syncs);                                             \
        int result = dead ? fails(EIO) : REAL(name)(descriptor);                                                       \
        if (result == 0 && handle != 0) note("sync %d\n", handle);                                                     \
        pthread_mutex_unlock(&lock);                                                                                   \
        return result;                                                                                                 \
    }
SYNC(fsync)
SYNC(fdatasync)

#define ONE_PATH(function, word)                                                                                        \
    int function(const char *path) {                                                                                   \
        pthread_mutex_lock(&lock);                                                                                     \
        int result = denied(path) ? fails(EACCES) : REAL(function)(path);                                              \
        if (result == 0 && inside(path)) note(word " %s\n", path);                                                     \
        pthread_mutex_unlock(&lock);                                                                                   \
        return result;                                                                                                 \
    }
ONE_PATH(unlink, "unlink")
ONE_PATH(rmdir, "rmdir")

int unlinkat(int folder, const char *name, int flags) {
    char path[PATH_MAX + NAME_MAX + 2], link[64];
    ssize_t length = 0;
    if (name[0] != '/') {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        length = readlink(link, path, PATH_MAX);
        if (length < 0) return -1;
        path[length++] = '/';
    }
    snprintf(path + length, sizeof path - (size_t)length, "%s", name);
    pthread_mutex_lock(&lock);
    int result = REAL(unlinkat)(folder, name, flags);
    if (result == 0 && inside(path)) note("%s %s\n", (flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", path);
    pthread_mutex_unlock(&lock);
    return result;
}

#define TWO_PATHS(function, word)                                                                                       \
    int function(const char *from, const char *to) {                                                                   \
        pthread_mutex_lock(&lock);                                                                                     \
        int result = denied(to) ? fails(EACCES) : REAL(function)(from, to);                                            \
        if (result == 0 && inside(to)) note(word " %s\t%s\n", from, to);                                               \
        pthread_mutex_unlock(&lock);                                                                                   \
        return result;                                                                                                 \
    }
TWO_PATHS(rename, "rename")
TWO_PATHS(link, "link")

int mkdir(const char *path, mode_t mode) {
    pthread_mutex_lock(&lock);
    int result = denied(path) && access(path, F_OK) != 0 ? fails(EACCES) : REAL(mkdir)(path, mode);
    if (result == 0 && inside(path)) note("make %s\n", path);
    pthread_mutex_unlock(&lock);
    return result;
}
