// A file system with the faults of a network: every call on files takes a while, before and after it takes effect, and some
// calls that took effect report the failure of a repeated request. Loaded before libc.
//
// MINIMA_DELAY=n   the largest delay in microseconds
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_ulong calls;
static unsigned long most;

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("MINIMA_DELAY");
  most = text ? strtoul(text, 0, 10) : 0;
}

// SplitMix64 of the process and the number of the call.
static uint64_t draw(void) {
  uint64_t x = ((uint64_t)getpid() << 32) + atomic_fetch_add(&calls, 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static void wait_a_while(void) {
  if (!most) return;
  unsigned long micro = draw() % most;
  struct timespec time = {micro / 1000000, micro % 1000000 * 1000};
  nanosleep(&time, 0);
}

static int is_repeated(void) { return most && draw() % 4 == 0; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define DELAYED(call) ({ wait_a_while(); __auto_type result = (call); int error = errno; wait_a_while(); errno = error; result; })

// The repeated request finds that the link exists.
static int linked(int result) {
  if (result == 0 && is_repeated()) {
    errno = EEXIST;
    return -1;
  }
  return result;
}

int link(const char *from, const char *to) { return linked(DELAYED(REAL(link)(from, to))); }

int linkat(int a, const char *from, int b, const char *to, int flags) {
  return linked(DELAYED(REAL(linkat)(a, from, b, to, flags)));
}

// The repeated request finds that the file is gone. Of folders only: a file's renaming is repeated by the program's own error.
int rename(const char *from, const char *to) {
  struct stat status;
  int is_folder = stat(from, &status) == 0 && S_ISDIR(status.st_mode);
  int result = DELAYED(REAL(rename)(from, to));
  if (result == 0 && is_folder && is_repeated()) {
    errno = ENOENT;
    return -1;
  }
  return result;
}

int unlink(const char *path) { return DELAYED(REAL(unlink)(path)); }

int mkdir(const char *path, mode_t mode) { return DELAYED(REAL(mkdir)(path, mode)); }

static int opens(const char *name, const char *path, int flags, mode_t mode) {
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  return DELAYED(real(path, flags, mode));
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
