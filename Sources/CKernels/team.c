#include "team.h"
#include "CKernels.h"
#include "dispatch.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

// Regions follow one another within microseconds, so that threads without work look for the next one for a while before
// they sleep. OpenMP's runtime does so for milliseconds, and ends a region only when all threads have come to it. On cores
// that other programs want too, both are ruinous: a thread that waits keeps a core from the thread that it waits for, and
// programs that share two cores slow each other fourfold. Here a region is over when its work is done, whoever did it, and
// threads that are often interrupted wait asleep.

enum { MOST_THREADS = 1024 };
// How long a thread looks for work: where the cores are the program's own, and where they are shared. In nanoseconds.
static const int64_t patience_alone = 300 * 1000, patience_shared = 3 * 1000;

// The state of a region in one number: how many of the other threads have joined, whether more may, its threads, and which
// region it is.
typedef uint64_t region_state;
static const region_state open_bit = 1 << 16;
static int joined(region_state s) { return (int)(s & 0xffff); }
static int threads_of(region_state s) { return (int)(s >> 17 & 0x7fff); }
static unsigned number_of(region_state s) { return (unsigned)(s >> 32); }
static region_state opened(unsigned number, int threads) {
  return (region_state)number << 32 | (region_state)threads << 17 | open_bit;
}

static struct {
  _Alignas(64) _Atomic region_state state;
  _Alignas(64) atomic_int finished;  // of those that have joined
  _Alignas(64) atomic_int sleeping;
  atomic_bool caller_sleeps;
  _Atomic int64_t patience;
  // Written before a region opens.
  void *context;
  void (*body)(void *, int, int);
  int isa;
  // The caller's.
  _Alignas(64) atomic_flag taken;
  int workers;
  int64_t sampled_at;
  long interruptions;
  pthread_mutex_t lock;
  pthread_cond_t work, end;
} pool = {.taken = ATOMIC_FLAG_INIT, .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER,
          .end = PTHREAD_COND_INITIALIZER};

static _Thread_local bool is_inside;
// Of a team: how many have come to its barrier, in all.
static atomic_int arrivals;
static _Thread_local int team_size = 1;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Until a condition holds that other threads soon bring about.
#define CK_AWAIT(condition)                                     \
  while (!(condition)) {                                        \
    for (int i = 0; i < 64 && !(condition); i++) relax();       \
    if (!(condition)) sched_yield();                            \
  }

// Until a condition holds, or patience ends.
#define CK_WAIT_AWAKE(condition)                                                                  \
  for (int64_t until = now() + atomic_load_explicit(&pool.patience, memory_order_relaxed); !(condition);) { \
    for (int i = 0; i < 16 && !(condition); i++) relax();                                         \
    if (now() > until) break;                                                                     \
  }

static bool is_for(int me, unsigned last) {
  const region_state s = atomic_load(&pool.state);
  return (s & open_bit) && number_of(s) != last && me < threads_of(s);
}

static void *work(void *number) {
  const int me = (int)(intptr_t)number;
  is_inside = true;
  for (unsigned last = 0;;) {
    CK_WAIT_AWAKE(is_for(me, last))
    if (!is_for(me, last)) {
      pthread_mutex_lock(&pool.lock);
      atomic_fetch_add(&pool.sleeping, 1);
      while (!is_for(me, last)) pthread_cond_wait(&pool.work, &pool.lock);
      atomic_fetch_sub(&pool.sleeping, 1);
      pthread_mutex_unlock(&pool.lock);
    }
    region_state s = atomic_load(&pool.state);
    bool is_in = false;
    while (!is_in && (s & open_bit) && me < threads_of(s)) is_in = atomic_compare_exchange_weak(&pool.state, &s, s + 1);
    if (!is_in) continue;
    last = number_of(s);
    team_size = threads_of(s);
    ck_selected_isa = pool.isa;
    pool.body(pool.context, me, team_size);
    atomic_fetch_add(&pool.finished, 1);
    if (!atomic_load(&pool.caller_sleeps)) continue;
    pthread_mutex_lock(&pool.lock);
    pthread_cond_signal(&pool.end);
    pthread_mutex_unlock(&pool.lock);
  }
  return NULL;
}

// As many workers as there can be, for a region of so many threads; returns its threads.
static int hire(int threads) {
  for (; pool.workers < threads - 1; pool.workers++) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes)) break;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 8 << 20);
    const int failed = pthread_create(&thread, &attributes, work, (void *)(intptr_t)(pool.workers + 1));
    pthread_attr_destroy(&attributes);
    if (failed) break;
  }
  return pool.workers + 1 < threads ? pool.workers + 1 : threads;
}

// Whether other programs want the cores shows in how often this one's threads are interrupted.
static void sample_interruptions(void) {
  enum { PERIOD = 50 * 1000 * 1000, MANY = 4 };
  const int64_t time = now();
  if (time - pool.sampled_at < PERIOD) return;
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage)) return;
  const bool is_shared = pool.sampled_at > 0 && usage.ru_nivcsw - pool.interruptions >= MANY;
  pool.sampled_at = time;
  pool.interruptions = usage.ru_nivcsw;
  atomic_store_explicit(&pool.patience, is_shared ? patience_shared : patience_alone, memory_order_relaxed);
}

static bool take_pool(void) {
  if (is_inside) return false;
  // Another thread's region may be a short one.
  for (int i = 0; i < 1000; i++) {
    if (!atomic_flag_test_and_set(&pool.taken)) return true;
    relax();
  }
  return false;
}

void ck_run_region(int threads, ck_joining joining, void *context, void (*body)(void *, int, int)) {
  if (threads > MOST_THREADS) threads = MOST_THREADS;
  if (!take_pool()) {
    const int before = team_size;
    team_size = 1;
    body(context, 0, joining == CK_MAY_JOIN ? threads : 1);
    team_size = before;
    return;
  }
  is_inside = true;
  sample_interruptions();
  const int here = hire(threads);
  if (joining == CK_MUST_JOIN) threads = here;
  pool.context = context;
  pool.body = body;
  pool.isa = ck_selected_isa;
  atomic_store(&pool.finished, 0);
  atomic_store(&arrivals, 0);
  static unsigned number;
  // 0 is the number of no region.
  if (++number == 0) number = 1;
  atomic_store(&pool.state, opened(number, threads));
  if (atomic_load(&pool.sleeping) > 0) {
    pthread_mutex_lock(&pool.lock);
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
  }
  team_size = threads;
  body(context, 0, threads);
  team_size = 1;
  if (joining == CK_MUST_JOIN) CK_AWAIT(joined(atomic_load(&pool.state)) == threads - 1)
  const int others = joined(atomic_fetch_and(&pool.state, ~open_bit));
  CK_WAIT_AWAKE(atomic_load(&pool.finished) == others)
  if (atomic_load(&pool.finished) < others) {
    pthread_mutex_lock(&pool.lock);
    atomic_store(&pool.caller_sleeps, true);
    while (atomic_load(&pool.finished) < others) pthread_cond_wait(&pool.end, &pool.lock);
    atomic_store(&pool.caller_sleeps, false);
    pthread_mutex_unlock(&pool.lock);
  }
  is_inside = false;
  atomic_flag_clear(&pool.taken);
}

void ck_barrier(void) {
  if (team_size <= 1) return;
  // Each barrier has as many arrivals as the team has threads.
  const int all = (atomic_fetch_add(&arrivals, 1) / team_size + 1) * team_size;
  CK_AWAIT(atomic_load(&arrivals) >= all)
}
