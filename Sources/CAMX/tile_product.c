// Matrix products on tiles. Measured on two cores of a Sapphire Rapids server, whose tiles do 2.86 TFLOP/s a core on
// zeros and 2.3 on random numbers, and whose memory gives 17 to 21 GB/s a core; five products each, where large:
//   [200, 512] x [512, 512] packed, two parts: 206 us on one core, 120 us on two; the tiles alone take 140 and 70. The
//     rest is packing A, and 1 MB of B from the third-level cache where it does not stay in the second.
//   [100, 256] x [44608, 256]^T: 29 to 44 ms in two parts, where tiles take 8, packing 15 and memory 8; 16 to 24 in one.
//   [100, 44608] x [44608, 256]: 32 to 50 ms in two parts, 26 to 32 in one, where tiles take 8, packing 7 and memory 8.
//     Not near its limits: the three overlap little.
// Other tenants of the cores make loads of tiles up to four times slower for seconds at a time.

#include "tile_block.h"
#include "tile_numbers.h"

#if CK_TILES

// A reduction as long as this is summed in parts, each by one thread with the weights that it alone reads, whatever the
// number of threads, so that the sums do not depend on it.
enum { CK_LONG = 8192, CK_LONG_PARTS = 16 };

static bool is_long(const ck_tile_product *p) { return p->inner >= CK_LONG; }
// Sums of one part: [rows, columns], whole lines.
static long sums_leading(const ck_tile_product *p) { return ck_groups(p->columns, 16) * 16; }
static size_t sums_bytes(const ck_tile_product *p) { return (size_t)(p->rows * sums_leading(p)) * 4; }

// Columns are shared out in so many pieces a thread, each still long enough for its panels to be packed in passing.
enum { CK_PIECES = 8, CK_PIECE_PANELS = 16 };

size_t ck_tile_workspace(const ck_tile_product *p, int threads) {
  const ck_plan plan = ck_make_plan(p);
  if (is_long(p)) return CK_LONG_PARTS * sums_bytes(p) + (size_t)threads * ck_job_workspace(plan, 1);
  return ck_job_workspace(plan, threads);
}

static void run(void *job, int me, int threads) { ck_tile_run(job, me, threads); }

// Some rows of the result: beta times what was there, the bias, and the parts' sums.
CK_TILE_TARGET static void add_parts(const ck_tile_product *p, const float *sums, long begin, long end) {
  const long part = (long)(sums_bytes(p) / 4);
  for (long i = begin; i < end; i++)
    for (long j = 0; j < p->columns; j += 16) {
      const __mmask16 mask = first_lanes(p->columns - j);
      float *c = p->c + i * p->c_leading + j;
      __m512 x = _mm512_setzero_ps();
      if (p->beta != 0) x = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, c), _mm512_set1_ps(p->beta));
      if (i < p->biased_rows) x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, p->bias + j));
      for (long k = 0; k < CK_LONG_PARTS; k++)
        x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, sums + k * part + i * sums_leading(p) + j));
      _mm512_mask_storeu_ps(c, mask, x);
    }
}

static void run_long(void *context, int me, int threads) {
  const ck_tile_job *job = context;
  const ck_tile_product *p = job->product;
  float *sums = (float *)job->workspace;
  char *workspace = job->workspace + CK_LONG_PARTS * sums_bytes(p) + (size_t)me * ck_job_workspace(job->plan, 1);
  const long blocks = ck_groups(p->inner, job->plan.kc);
  for (long k; (k = ck_take_piece(job->work, me)) >= 0;) {
    ck_tile_product product = *p;
    product.c = sums + (size_t)k * (sums_bytes(p) / 4);
    product.c_leading = sums_leading(p);
    product.beta = 0;
    product.biased_rows = 0;
    ck_tile_job part = *job;
    part.product = &product;
    part.begin = blocks * k / CK_LONG_PARTS * job->plan.kc;
    part.end = ck_min(blocks * (k + 1) / CK_LONG_PARTS * job->plan.kc, p->inner);
    part.workspace = workspace;
    part.work = NULL;
    ck_tile_run(&part, 0, 1);
  }
  if (threads > 1) ck_barrier();
  add_parts(p, sums, p->rows * me / threads, p->rows * (me + 1) / threads);
}

static void multiply(const ck_tile_product *p, const float *const *a, const float *const *b, void *workspace,
                     int threads) {
  if (p->rows <= 0 || p->columns <= 0) return;
  ck_tile_job job = {.product = p, .plan = ck_make_plan(p), .end = p->inner, .a_lines = a, .b_lines = b,
                     .workspace = workspace};
  ck_work work;
  const long pieces = ck_groups(p->columns, CK_PANEL * CK_PIECE_PANELS);
  if (is_long(p)) {
    ck_divide_work(&work, CK_LONG_PARTS, threads);
    job.work = &work;
    ck_team(threads, &job, run_long);
    return;
  }
  if (job.plan.by_columns && job.plan.packed_depth >= p->inner && pieces >= CK_PIECES * threads) {
    ck_divide_work(&work, pieces, threads);
    job.work = &work;
  }
  ck_team(threads, &job, run);
}

void ck_tile_multiply(const ck_tile_product *p, void *workspace, int threads) {
  multiply(p, NULL, NULL, workspace, threads);
}

void ck_tile_multiply_lines(const ck_tile_product *p, const float *const *a, const float *const *b, void *workspace,
                            int threads) {
  multiply(p, a, b, workspace, threads);
}

// The rows of so many images at once that they, packed, leave room in the second-level cache for what passes by.
static long images_at_once(const ck_tile_product *p, long images) {
  long row_bytes = ck_panel_bytes(p->parts, p->inner) / CK_PANEL * (p->rows / images);
  return ck_max(CK_PACKED_BLOCK_BYTES / row_bytes, 1);
}

static ck_plan plan_for_images(ck_tile_product *p, long images, long count) {
  p->rows = p->rows / images * ck_min(count, images_at_once(p, images));
  ck_plan plan = ck_make_plan(p);
  plan.by_columns = true;
  plan.packs_whole = true;
  plan.packed_depth = p->inner;
  plan.whole = (size_t)(ck_groups(p->rows, CK_PANEL) * ck_panel_bytes(p->parts, p->inner));
  plan.panel = (size_t)ck_panel_bytes(p->parts, p->inner);
  return plan;
}

size_t ck_tile_images_workspace(const ck_tile_product *product, long images, long count) {
  ck_tile_product p = *product;
  ck_plan plan = plan_for_images(&p, images, count);
  return ck_job_workspace(plan, 1);
}

void ck_tile_multiply_images(const ck_tile_product *product, long images, long begin, long end, void *workspace) {
  if (product->rows <= 0 || product->columns <= 0) return;
  const long components = product->rows / images, most = images_at_once(product, images);
  for (; begin < end; begin += most) {
    ck_tile_product p = *product;
    ck_plan plan = plan_for_images(&p, images, end - begin);
    ck_tile_job job = {.product = &p, .plan = plan, .end = p.inner, .placing = {images, begin, p.rows / components},
                       .workspace = workspace};
    ck_tile_run(&job, 0, 1);
  }
}

size_t ck_tile_packed_size(int parts, long inner, long columns) {
  return (size_t)(ck_groups(columns, CK_PANEL) * ck_panel_bytes(parts, inner));
}

typedef struct {
  ck_operand operand;
  int parts;
  char *packed;
} packing;

static void pack(void *context, int me, int threads) {
  const packing *p = context;
  ck_pack_columns(p->parts, &p->operand, 0, p->operand.depth, p->packed, me, threads);
}

void ck_tile_pack(int parts, const float *b, long leading, bool transposed, long inner, long columns, void *packed,
                  int threads) {
  packing job = {{b, leading, columns, inner, transposed, 1, NULL}, parts, packed};
  ck_team(threads, &job, pack);
}

#else

size_t ck_tile_workspace(const ck_tile_product *p, int threads) { return 0; }
void ck_tile_multiply(const ck_tile_product *p, void *workspace, int threads) { __builtin_trap(); }
void ck_tile_multiply_lines(const ck_tile_product *p, const float *const *a, const float *const *b, void *workspace,
                            int threads) {
  __builtin_trap();
}
size_t ck_tile_images_workspace(const ck_tile_product *p, long images, long count) { return 0; }
void ck_tile_multiply_images(const ck_tile_product *p, long images, long begin, long end, void *workspace) {
  __builtin_trap();
}
size_t ck_tile_packed_size(int parts, long inner, long columns) { return 0; }
void ck_tile_pack(int parts, const float *b, long leading, bool transposed, long inner, long columns, void *packed,
                  int threads) {
  __builtin_trap();
}

#endif
