#include <dnnl.h>

#include "CPrimitives.h"

cp_status cp_matrix_product(
    bool transpose_a, bool transpose_b, long rows, long columns, long inner, float alpha, const float *a,
    long leading_a, const float *b, long leading_b, float beta, float *c, long leading_c) {
  return dnnl_sgemm(
      transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', rows, columns, inner, alpha, a, leading_a, b, leading_b, beta,
      c, leading_c);
}
