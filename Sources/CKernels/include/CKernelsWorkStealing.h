// Work stealing. Work is cut into pieces. Each thread takes the pieces of its own share, in their order, and then what
// others have left of theirs: a core that other tenants of the machine slow down does not keep the rest waiting. Which
// thread did a piece must not matter to its result.

#ifndef CKERNELS_WORK_STEALING_INCLUDE_H
#define CKERNELS_WORK_STEALING_INCLUDE_H

#include <stdatomic.h>

enum { CK_MAX_SHARES = 64 };

typedef struct {
  long pieces;
  int threads;  ///< shares
  struct {
    _Alignas(64) atomic_long taken;
  } shares[CK_MAX_SHARES];
} ck_work;

static inline void ck_divide_work(ck_work *s, long pieces, int threads) {
  s->pieces = pieces;
  s->threads = threads < CK_MAX_SHARES ? threads : CK_MAX_SHARES;
  for (int i = 0; i < s->threads; i++) atomic_init(&s->shares[i].taken, 0);
}

/// The next piece for a thread, or -1 if none is left.
static inline long ck_take_piece(ck_work *s, int me) {
  for (int i = 0; i < s->threads; i++) {
    const int share = (me + i) % s->threads;
    const long begin = s->pieces * share / s->threads, end = s->pieces * (share + 1) / s->threads;
    if (atomic_load_explicit(&s->shares[share].taken, memory_order_relaxed) >= end - begin) continue;
    const long piece = begin + atomic_fetch_add_explicit(&s->shares[share].taken, 1, memory_order_relaxed);
    if (piece < end) return piece;
  }
  return -1;
}

#endif
