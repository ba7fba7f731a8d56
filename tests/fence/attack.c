/* What code inside of the server tries: it runs when the library is loaded, before PostgreSQL looks at it.
 *
 * The file `attack` in the data directory holds a name and two arguments, a line each; `outcome` gets 0 where the
 * attack got through, else the number of the error that stopped it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char name[64], first[512], second[512];

static int result(long value) { return value < 0 ? errno : 0; }

static int child(const char *program, char *const arguments[]) {
    int status;
    pid_t pid = fork();
    if (pid < 0) return errno;
    if (pid == 0) {
        execve(program, arguments, NULL);
        _exit(errno);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int shell(void) {
    char *arguments[] = {"sh", "-c", first, NULL};
    return child("/bin/sh", arguments);
}

static int loader(void) { /* the loader may be executed: can it start another program? */
    char *arguments[] = {first, "/bin/sh", "-c", second, NULL};
    return child(first, arguments);
}

static int memory_file(void) { /* a program without a name */
    char buffer[65536];
    ssize_t length;
    char *arguments[] = {"sh", "-c", first, NULL};
    int from = open("/bin/sh", O_RDONLY), to = syscall(SYS_memfd_create, "x", 0), status;
    if (to < 0) return errno;
    if (from < 0) return errno;
    while ((length = read(from, buffer, sizeof buffer)) > 0)
        if (write(to, buffer, length) != length) return errno;
    pid_t pid = fork();
    if (pid == 0) {
        syscall(SYS_execveat, to, "", arguments, NULL, AT_EMPTY_PATH);
        _exit(errno);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static int reads(const char *path) {
    char buffer[16];
    int file = open(path, O_RDONLY);
    if (file < 0) return errno;
    return read(file, buffer, sizeof buffer) > 0 ? 0 : errno ? errno : ENODATA;
}

static int by_symlink(void) { return symlink(first, "way-out") ? errno : reads("way-out"); }
static int by_hard_link(void) { return link(first, "way-out-too") ? errno : reads("way-out-too"); }
static int writes(void) { return result(open(first, O_WRONLY | O_APPEND)); }
static int makes(void) { return result(open(first, O_WRONLY | O_CREAT, 0600)); }
static int empties(void) { return result(truncate(first, 0)); }
static int lists(void) { return opendir(first) ? 0 : errno; }
static int changes_times(void) { return result(utimes(first, NULL)); }
static int changes_mode(void) { return result(chmod(first, 0666)); }
static int watches_folder(void) { return result(inotify_add_watch(inotify_init(), first, IN_ALL_EVENTS)); }

static socklen_t address(struct sockaddr_un *to, const char *path) {
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    if (*path == '@') {
        strncpy(to->sun_path + 1, path + 1, sizeof to->sun_path - 2);
        return offsetof(struct sockaddr_un, sun_path) + strlen(path);
    }
    strncpy(to->sun_path, path, sizeof to->sun_path - 1);
    return sizeof *to;
}

static int connects(void) {
    struct sockaddr_un to;
    socklen_t length = address(&to, first);
    return result(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, length));
}

static int sends(void) {
    struct sockaddr_un to;
    socklen_t length = address(&to, first);
    return result(sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&to, length));
}

static int sends_by_pair(void) { /* a connected datagram socket may name another receiver */
    struct sockaddr_un to;
    int pair[2];
    socklen_t length = address(&to, first);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) return errno;
    return result(sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, length));
}

static int internet(int kind) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(first)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int file = socket(AF_INET, kind, 0);
    if (file < 0) return errno;
    if (kind == SOCK_DGRAM) return result(sendto(file, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    return result(connect(file, (struct sockaddr *)&to, sizeof to));
}

static int fast_open(void) { /* TCP that is connected by sending */
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(first)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int file = socket(AF_INET, SOCK_STREAM, 0);
    return file < 0 ? errno : result(sendto(file, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to));
}

static int listens(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int file = socket(AF_INET, SOCK_STREAM, 0);
    return file < 0 ? errno : result(bind(file, (struct sockaddr *)&at, sizeof at));
}

static int kills(void) { return result(kill(atoi(first), SIGUSR1)); }
static int kills_by_file(void) {
    int file = syscall(SYS_pidfd_open, atoi(first), 0);
    return file < 0 ? errno : result(syscall(SYS_pidfd_send_signal, file, SIGUSR1, NULL, 0));
}
static int traces(void) {
    long done = ptrace(PTRACE_SEIZE, atoi(first), 0, 0);
    if (done == 0) ptrace(PTRACE_DETACH, atoi(first), 0, 0);
    return result(done);
}
static int reads_memory(void) {
    char buffer[8];
    struct iovec here = {buffer, 8}, there = {(void *)strtoul(second, NULL, 16), 8};
    return result(process_vm_readv(atoi(first), &here, 1, &there, 1, 0));
}
static int lowers_limits(void) {
    struct rlimit one = {100, 100};
    return result(prlimit(atoi(first), RLIMIT_NOFILE, &one, NULL));
}
static int lowers_own_limits(void) {
    struct rlimit one = {1000, 1000};
    return result(prlimit(0, 10, &one, NULL)) ? errno : 0;
}
static int slows(void) { return result(setpriority(PRIO_PROCESS, atoi(first), 19)); }
static int rings(void) {
    char parameters[120] = {0};
    return result(syscall(SYS_io_uring_setup, 4, parameters));
}
static int namespaces(void) {
    int status;
    pid_t pid = fork();
    if (pid == 0) _exit(result(unshare(CLONE_NEWUSER)));
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}
static int namespaces_by_clone(void) {
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) _exit(0);
    return result(pid);
}
static int keys(void) { return result(syscall(SYS_add_key, "user", "dbsync", "x", 1, -5)); }
static int queues(void) { return result(syscall(SYS_msgget, 0, 0600 | 01000)); }
static int attributes(void) { return result(setxattr(first, "user.x", "x", 1, 0)); }
static int handles(void) {
    struct { unsigned bytes; int type; char rest[128]; } handle = {128, 0, {0}};
    int mount;
    return result(syscall(SYS_name_to_handle_at, AT_FDCWD, first, &handle, &mount, 0));
}

static int escapes(void) { /* a process that leaves the server, and does not listen */
    if (fork() == 0) {
        for (int number = 1; number < 32; number++) signal(number, SIG_IGN);
        setsid();
        if (fork() == 0) for (;;) pause();
        _exit(0);
    }
    return 0;
}

static int bomb(void) {
    for (int number = 1; number < 32; number++) signal(number, SIG_IGN);
    if (fork() == 0) for (;;) fork();
    return 0;
}

static int devours(void) { /* memory that no single process is charged with */
    for (int number = 0; number < 8; number++)
        if (fork() == 0) {
            size_t length = (size_t)atoi(first) << 20;
            char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            for (size_t at = 0; memory != MAP_FAILED && at < length; at += 4096) memory[at] = 1;
            for (;;) pause();
        }
    return 0;
}

static int tcp(void) { return internet(SOCK_STREAM); }
static int udp(void) { return internet(SOCK_DGRAM); }
static int opens(void) { return reads(first); }
static int removes(void) { return result(unlink(first)); }
static int makes_folder(void) { return result(mkdir(first, 0700)); }
static int moves_out(void) { return result(rename("attack", first)); }

static const struct { const char *name; int (*run)(void); } ATTACKS[] = {
#define ONE(function) {#function, function}
    ONE(shell), ONE(loader), ONE(memory_file), ONE(opens), ONE(by_symlink), ONE(by_hard_link), ONE(writes), ONE(makes),
    ONE(empties), ONE(lists), ONE(changes_times), ONE(changes_mode), ONE(watches_folder), ONE(connects), ONE(sends),
    ONE(sends_by_pair), ONE(tcp), ONE(udp), ONE(fast_open), ONE(listens), ONE(kills), ONE(kills_by_file), ONE(traces),
    ONE(reads_memory), ONE(lowers_limits), ONE(lowers_own_limits), ONE(slows), ONE(rings), ONE(namespaces),
    ONE(namespaces_by_clone), ONE(keys), ONE(queues), ONE(attributes), ONE(handles), ONE(escapes), ONE(bomb),
    ONE(devours), ONE(removes), ONE(makes_folder), ONE(moves_out),
};

static void line(FILE *file, char *into, int size) {
    if (fgets(into, size, file)) into[strcspn(into, "\n")] = 0;
}

__attribute__((constructor)) static void attack(void) {
    FILE *file = fopen("attack", "r");
    int outcome = -1;
    if (!file) return;
    line(file, name, sizeof name);
    line(file, first, sizeof first);
    line(file, second, sizeof second);
    fclose(file);
    for (size_t number = 0; number < sizeof ATTACKS / sizeof *ATTACKS; number++)
        if (!strcmp(name, ATTACKS[number].name)) {
            errno = 0;
            outcome = ATTACKS[number].run();
        }
    file = fopen("outcome", "w");
    fprintf(file, "%d", outcome);
    fclose(file);
}
