// Counts a program's file changes, and kills the program or fails the change at a chosen one. Loaded before libc.
//
// MINIMA_KILL_AT=n       SIGKILL at change n; a write is killed after half of its bytes
// MINIMA_FAIL_AT=n       only change n fails with EIO
// MINIMA_FULL_FROM=n     from change n on, changes fail with ENOSPC; a write fails after half of its bytes
// MINIMA_COUNT=file      write the number of changes to this file at the end
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long changes;
static long kill_at, fail_at, full_from;

static long number(const char *name) {
  const char *text = getenv(name);
  return text ? atol(text) : 0;
}

__attribute__((constructor)) static void begin(void) {
  kill_at = number("MINIMA_KILL_AT");
  fail_at = number("MINIMA_FAIL_AT");
  full_from = number("MINIMA_FULL_FROM");
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("MINIMA_COUNT");
  char text[32];
  if (!path) return;
  int length = snprintf(text, sizeof text, "%ld", atomic_load(&changes));
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0) {
    (void)!syscall(SYS_write, fd, text, length);
    syscall(SYS_close, fd);
  }
}

enum verdict { GO_ON, KILL, FAIL, FULL };

// On a full disk, changes that need space fail; changes that free space do not.
static enum verdict judge(int takes_room) {
  long number = atomic_fetch_add(&changes, 1) + 1;
  if (number == kill_at) return KILL;
  if (number == fail_at) return FAIL;
  return full_from && number >= full_from && takes_room ? FULL : GO_ON;
}

static int stops(enum verdict verdict) {
  if (verdict == KILL) kill(getpid(), SIGKILL);
  if (verdict == GO_ON) return 0;
  errno = verdict == FULL ? ENOSPC : EIO;
  return 1;
}

static int is_file(int fd) {
  struct stat status;
  return fd > 2 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) {
  if (is_file(fd)) {
    enum verdict verdict = judge(1);
    if (verdict != GO_ON) {
      (void)!REAL(write)(fd, bytes, count / 2);
      if (stops(verdict)) return -1;
    }
  }
  return REAL(write)(fd, bytes, count);
}

static int opens(const char *name, const char *path, int flags, mode_t mode) {
  if ((flags & O_ACCMODE) != O_RDONLY && stops(judge(1))) return -1;
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return opens("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return opens("open64", path, flags, mode);
}

int fsync(int fd) { return stops(judge(0)) ? -1 : REAL(fsync)(fd); }

int rename(const char *from, const char *to) { return stops(judge(0)) ? -1 : REAL(rename)(from, to); }

int unlink(const char *path) { return stops(judge(0)) ? -1 : REAL(unlink)(path); }

int unlinkat(int fd, const char *path, int flags) { return stops(judge(0)) ? -1 : REAL(unlinkat)(fd, path, flags); }

int rmdir(const char *path) { return stops(judge(0)) ? -1 : REAL(rmdir)(path); }

int mkdir(const char *path, mode_t mode) { return stops(judge(1)) ? -1 : REAL(mkdir)(path, mode); }
