/* A clock for one process that can be set while it runs: loaded before the C library (LD_PRELOAD), it adds the seconds that
   the file named by JUMPING_CLOCK holds to CLOCK_REALTIME, and to nothing else. libfaketime also changes how programs sleep.
   No headers and no libraries, so that a compiler alone is enough: cc -shared -fPIC -nostdlib */

struct moment {
    long seconds, rest;
};

long syscall(long number, ...);
int open(const char *path, int flags, ...);
long read(int file, void *into, unsigned long size);
int close(int file);
char *getenv(const char *name);
long atol(const char *text);

#if defined(__x86_64__)
#define CLOCK_GETTIME 228
#elif defined(__aarch64__)
#define CLOCK_GETTIME 113
#endif

static long jump(void) {
    char text[32];
    const char *path = getenv("JUMPING_CLOCK");
    int file = path ? open(path, 0x80000) : -1;
    long size;
    if (file < 0)
        return 0;
    size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    return atol(text);
}

int clock_gettime(int clock, struct moment *now) {
    long failed = syscall(CLOCK_GETTIME, clock, now);
    if (!failed && clock == 0)
        now->seconds += jump();
    return (int)failed;
}

int gettimeofday(struct moment *now, void *zone) {
    int failed = clock_gettime(0, now);
    now->rest /= 1000;
    return failed;
}

long time(long *into) {
    struct moment now;
    clock_gettime(0, &now);
    if (into)
        *into = now.seconds;
    return now.seconds;
}
