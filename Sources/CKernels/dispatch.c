#include "CKernels.h"

#include <stdlib.h>
#include <string.h>

extern const ck_table ck_portable_f32, ck_portable_f64;
#if defined(__x86_64__)
extern const ck_table ck_avx2_f32, ck_avx2_f64, ck_avx512_f32, ck_avx512_f64;
#endif

static int selected = -1;

ck_isa ck_detected_isa(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return CK_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CK_AVX2;
#endif
  return CK_PORTABLE;
}

bool ck_select_isa(ck_isa isa) {
  if (isa > ck_detected_isa()) return false;
  selected = isa;
  return true;
}

ck_isa ck_current_isa(void) {
  if (selected < 0) {
    const char *wish = getenv("FFJORD_VAE_ISA");
    ck_isa best = ck_detected_isa(), isa = best;
    if (wish && !strcmp(wish, "portable")) isa = CK_PORTABLE;
    if (wish && !strcmp(wish, "avx2")) isa = CK_AVX2;
    selected = isa < best ? isa : best;
  }
  return (ck_isa)selected;
}

const ck_table *ck_kernels(ck_type type) {
  switch (ck_current_isa()) {
#if defined(__x86_64__)
    case CK_AVX512: return type == CK_FLOAT32 ? &ck_avx512_f32 : &ck_avx512_f64;
    case CK_AVX2: return type == CK_FLOAT32 ? &ck_avx2_f32 : &ck_avx2_f64;
#endif
    default: return type == CK_FLOAT32 ? &ck_portable_f32 : &ck_portable_f64;
  }
}
