// The threads behind ck_parallel and ck_team.

#ifndef CKERNELS_TEAM_H
#define CKERNELS_TEAM_H

typedef enum {
  /// Threads that come late find the region closed: nobody waits for them.
  CK_MAY_JOIN,
  /// The region ends only after all its threads have run.
  CK_MUST_JOIN
} ck_joining;

/// Runs body(context, me, threads) on the calling thread with me = 0, and on others with me = 1..<threads, which keep their
/// numbers from one region to the next. A region within a region, or while another thread's lasts, is the calling thread's
/// alone, with `threads` as asked for where threads may join, and else 1.
void ck_run_region(int threads, ck_joining joining, void *context, void (*body)(void *context, int me, int threads));

#endif
