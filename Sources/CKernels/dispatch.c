#include "CKernels.h"
#include "CKernelsSingle.h"
#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

extern const ck_table ck_portable_f32, ck_portable_f64;
#if defined(__x86_64__)
extern const ck_table ck_avx2_f32, ck_avx2_f64, ck_avx512_f32, ck_avx512_f64;
#endif

extern const ck_single_table ck_single_portable_f32;
#if defined(__x86_64__)
extern const ck_single_table ck_single_avx2_f32, ck_single_avx512_f32;
#endif

extern const ck_product_table ck_product_portable_bf16;
#if defined(__x86_64__)
extern const ck_product_table ck_product_avx512_f32, ck_product_avx512_bf16;
#endif

_Thread_local int ck_selected_isa = -1;

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

// Whether the processor has bfloat16 matrix tiles and the kernel lets this process use them: their state is large, so
// it is enabled on request only.
static bool tiles_granted(void) {
  enum { TILE_BFLOAT16 = 1 << 22, TILES = 1 << 24, REQUEST = 0x1023, TILE_DATA = 18 };
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & TILE_BFLOAT16) || !(d & TILES)) return false;
  return syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}
#elif defined(__x86_64__)
static bool tiles_granted(void) { return false; }
#endif

static ck_isa detect(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    if (!__builtin_cpu_supports("avx512bf16")) return CK_AVX512;
    return tiles_granted() ? CK_AMX : CK_AVX512_BF16;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CK_AVX2;
#endif
  return CK_PORTABLE;
}

ck_isa ck_detected_isa(void) {
  static int detected = -1;  // threads that race here all find the same
  if (detected < 0) detected = detect();
  return (ck_isa)detected;
}

// The processor's best instruction set, unless the environment asks for a lesser one.
static ck_isa initial_isa(void) {
  static int initial = -1;  // threads that race here all find the same
  if (initial < 0) {
    const char *wish = getenv("FFJORD_VAE_ISA");
    ck_isa best = ck_detected_isa(), isa = best;
    if (wish && !strcmp(wish, "portable")) isa = CK_PORTABLE;
    if (wish && !strcmp(wish, "avx2")) isa = CK_AVX2;
    if (wish && !strcmp(wish, "avx512")) isa = CK_AVX512;
    if (wish && !strcmp(wish, "avx512bf16")) isa = CK_AVX512_BF16;
    initial = isa < best ? isa : best;
  }
  return (ck_isa)initial;
}

bool ck_select_isa(ck_isa isa) {
  if (isa > ck_detected_isa()) return false;
  ck_selected_isa = isa;
  return true;
}

ck_isa ck_current_isa(void) { return ck_selected_isa < 0 ? initial_isa() : (ck_isa)ck_selected_isa; }

const ck_table *ck_kernels(ck_type type) {
  switch (ck_current_isa()) {
#if defined(__x86_64__)
    case CK_AMX:
    case CK_AVX512_BF16:
    case CK_AVX512: return type == CK_FLOAT32 ? &ck_avx512_f32 : &ck_avx512_f64;
    case CK_AVX2: return type == CK_FLOAT32 ? &ck_avx2_f32 : &ck_avx2_f64;
#endif
    default: return type == CK_FLOAT32 ? &ck_portable_f32 : &ck_portable_f64;
  }
}

bool ck_has_tiles(void) { return ck_current_isa() == CK_AMX; }

bool ck_has_bfloat16(void) { return ck_current_isa() >= CK_AVX512_BF16; }

const ck_product_table *ck_product_kernels(ck_factors factors) {
  if (factors == CK_FACTORS_BFLOAT16) {
#if defined(__x86_64__)
    if (ck_has_bfloat16()) return &ck_product_avx512_bf16;
#endif
    return &ck_product_portable_bf16;
  }
#if defined(__x86_64__)
  if (ck_current_isa() >= CK_AVX512) return &ck_product_avx512_f32;
#endif
  return NULL;
}

const ck_single_table *ck_single_kernels(void) {
  switch (ck_current_isa()) {
#if defined(__x86_64__)
    case CK_AMX:
    case CK_AVX512_BF16:
    case CK_AVX512: return &ck_single_avx512_f32;
    case CK_AVX2: return &ck_single_avx2_f32;
#endif
    default: return &ck_single_portable_f32;
  }
}
