// The gradient of a convolution's weights on matrix tiles, without copies of patches.
//
// For each tap (kh, kw) it is the product of the cotangent, [output channels, pixels], with the input moved by the tap,
// [pixels, input channels]. Pixels lie one after another in rows padded by zeros, wide enough that moving by a tap moves
// the whole image by a constant. A strided convolution splits the input into phases, one for each remainder of row and
// column; within a phase, taps move by whole pixels. Tiles take neighbouring pixels in pairs, so the input is packed
// twice: in pairs that begin at even pixels, and in pairs that begin at odd ones.

#include <CKernelsWorkStealing.h>
#include "tile_numbers.h"

#include <string.h>

#if CK_TILES

// Images are summed in this many parts, whatever the number of threads, so that the result does not depend on it.
enum { CK_PARTS_OF_BATCH = 8, CK_GROUP_BYTES = 1 << 20, CK_MAX_TAPS = 64 };

static long floor_quotient(long a, long b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// Where things lie. Lengths in pixels.
typedef struct {
  long taps, phases, width, steps;
  long top, front, flat;               // rows of zeros above, pixels before the first row, pixels of a packed phase
  long input_tiles, output_tiles;      // of 16 channels, in pairs
  size_t phase_bytes, input_bytes, output_bytes;  // packed: one phase of 16 channels, an image, a cotangent image
  size_t sums_bytes;                   // of one part of the batch
  long group;                          // images packed at once
  long tap_phase[CK_MAX_TAPS], tap_pixel[CK_MAX_TAPS];  // the phase of a tap, and the first pixel it multiplies
} layout;

static layout make_layout(const ck_tile_convolution *c) {
  layout l = {.taps = c->kernel_height * c->kernel_width, .phases = c->stride * c->stride};
  const long s = c->stride;
  const long left = -floor_quotient(-c->padding, s);
  const long right = ck_max(floor_quotient(c->kernel_width - 1 - c->padding, s), 0);
  const long below = ck_max(floor_quotient(c->kernel_height - 1 - c->padding, s), 0);
  const long real = ck_min(ck_groups(c->input_width, s), c->output_width + right);
  l.top = left;
  l.front = left;
  l.width = ck_max(c->output_width + right, real + left);
  l.steps = ck_groups(c->output_height * l.width, CK_STEP);
  // The last step may reach beyond the last row.
  l.flat = l.front + (l.top + c->output_height + below) * l.width + 2 * CK_STEP;
  l.flat += l.flat & 1;
  l.input_tiles = 2 * ck_groups(c->input_channels, 32);
  l.output_tiles = 2 * ck_groups(c->output_channels, 32);
  l.phase_bytes = (size_t)(l.flat * 64);  // pairs of both parities, 64 bytes each
  l.input_bytes = (size_t)(l.phases * l.input_tiles * c->parts) * l.phase_bytes;
  l.output_bytes = (size_t)(l.output_tiles * c->parts * l.steps * CK_TILE_BYTES);
  l.sums_bytes = (size_t)(l.taps * l.input_tiles * l.output_tiles * CK_TILE_BYTES);
  const long most = ck_groups(c->batch, CK_PARTS_OF_BATCH);
  l.group = ck_min(ck_max(CK_GROUP_BYTES / (long)(l.input_bytes + l.output_bytes), 1), ck_max(most, 1));
  for (long kh = 0; kh < c->kernel_height; kh++)
    for (long kw = 0; kw < c->kernel_width; kw++) {
      const long h = floor_quotient(kh - c->padding, s), w = floor_quotient(kw - c->padding, s);
      const long tap = kh * c->kernel_width + kw;
      l.tap_phase[tap] = (kh - c->padding - h * s) * s + (kw - c->padding - w * s);
      l.tap_pixel[tap] = l.front + (l.top + h) * l.width + w;
    }
  return l;
}

bool ck_tile_convolution_fits(const ck_tile_convolution *c) {
  return c->kernel_height * c->kernel_width <= CK_MAX_TAPS;
}

size_t ck_tile_convolution_workspace(const ck_tile_convolution *c, int threads) {
  layout l = make_layout(c);
  return CK_PARTS_OF_BATCH * l.sums_bytes + (size_t)threads * (size_t)l.group * (l.input_bytes + l.output_bytes);
}

typedef struct {
  __m512 high, low;
} halves;
INLINE halves split(int parts, __m512 x) {
  if (parts == 1) return (halves){x, x};
  __m512 high = (__m512)high_half(x);
  return (halves){high, _mm512_sub_ps(x, high)};
}
INLINE __m512i high_pair(int parts, halves a, halves b) {
  return parts == 1 ? interleaved(a.high, b.high)
                    : _mm512_or_si512(_mm512_srli_epi32((__m512i)a.high, 16), (__m512i)b.high);
}

// Packs 16 channels of one phase of an image: [parity][pairs][16 channels][2 pixels].
INLINE void pack_phase(int parts, const ck_tile_convolution *c, const layout *l, const float *image, long phase_row,
                       long phase_column, __mmask16 channels, char *high, char *low) {
  const long s = c->stride, half = (l->flat / 2) * 64;
  halves before = split(parts, _mm512_setzero_ps());
  long row = -l->top, column = -l->front;
  for (long p = 0; p < l->flat; p++) {
    const long h = row * s + phase_row, w = column * s + phase_column;
    bool real = row >= 0 && column >= 0 && h < c->input_height && w < c->input_width;
    const float *pixel = image + (h * c->input_width + w) * c->input_channels;
    halves here = split(parts, _mm512_maskz_loadu_ps(real ? channels : 0, pixel));
    if (p > 0) {
      const long at = ((p - 1) & 1) * half + ((p - 1) >> 1) * 64;
      _mm512_store_si512(high + at, high_pair(parts, before, here));
      if (parts > 1) _mm512_store_si512(low + at, interleaved(before.low, here.low));
    }
    before = here;
    if (++column == l->width) {
      column = 0;
      row++;
    }
  }
  // The last pair, which begins at an odd pixel and has no second one.
  _mm512_store_si512(high + 2 * half - 64, _mm512_setzero_si512());
  if (parts > 1) _mm512_store_si512(low + 2 * half - 64, _mm512_setzero_si512());
}

// Packs 16 channels of an image's cotangent as tiles [16 channels, 32 pixels].
INLINE void pack_cotangent(int parts, const ck_tile_convolution *c, const layout *l, const float *image,
                           __mmask16 channels, char *to) {
  long row = 0, column = 0;
  for (long step = 0; step < l->steps; step++, to += parts * CK_TILE_BYTES) {
    __m512i high[16], low[16];
    for (int i = 0; i < 16; i++) {
      halves pair[2];
      for (int j = 0; j < 2; j++) {
        bool real = row < c->output_height && column < c->output_width;
        const float *pixel = image + (row * c->output_width + column) * c->output_channels;
        pair[j] = split(parts, _mm512_maskz_loadu_ps(real ? channels : 0, pixel));
        if (++column == l->width) {
          column = 0;
          row++;
        }
      }
      high[i] = high_pair(parts, pair[0], pair[1]);
      low[i] = interleaved(pair[0].low, pair[1].low);
    }
    transpose(high);
    for (int i = 0; i < 16; i++) _mm512_store_si512(to + 64 * i, high[i]);
    if (parts > 1) {
      transpose(low);
      for (int i = 0; i < 16; i++) _mm512_store_si512(to + CK_TILE_BYTES + 64 * i, low[i]);
    }
  }
}

INLINE __mmask16 channels_from(long first, long count) { return first_lanes(count - first); }

INLINE void pack_image(int parts, const ck_tile_convolution *c, const layout *l, long image, char *input,
                       char *output) {
  const float *x = c->input + image * c->input_height * c->input_width * c->input_channels;
  const float *g = c->output + image * c->output_height * c->output_width * c->output_channels;
  for (long t = 0; t < l->input_tiles; t++)
    for (long phase = 0; phase < l->phases; phase++, input += (size_t)parts * l->phase_bytes)
      pack_phase(parts, c, l, x + 16 * t, phase / c->stride, phase % c->stride,
                 channels_from(16 * t, c->input_channels), input, input + l->phase_bytes);
  for (long t = 0; t < l->output_tiles; t++, output += l->steps * parts * CK_TILE_BYTES)
    pack_cotangent(parts, c, l, g + 16 * t, channels_from(16 * t, c->output_channels), output);
}

// Adds one image's products of two tiles of output channels and two of input channels, for one tap, to tiles 0...3.
INLINE void accumulate(int parts, const layout *l, long tap, const char *output, const char *input) {
  const long pixel = l->tap_pixel[tap];
  const char *x0 = input + (size_t)(l->tap_phase[tap] * parts) * l->phase_bytes + (pixel & 1) * (l->flat / 2) * 64 +
                   (pixel >> 1) * 64;
  const char *x1 = x0 + (size_t)(l->phases * parts) * l->phase_bytes;
  const char *g0 = output, *g1 = output + l->steps * parts * CK_TILE_BYTES;
#define CK_PRODUCTS        \
  _tile_dpbf16ps(0, 4, 6); \
  _tile_dpbf16ps(1, 4, 7); \
  _tile_dpbf16ps(2, 5, 6); \
  _tile_dpbf16ps(3, 5, 7);
  for (long s = 0; s < l->steps; s++) {
    const long g = s * parts * CK_TILE_BYTES, x = s * CK_TILE_BYTES;
    if (parts > 1) {
      _tile_loadd(4, g0 + g + CK_TILE_BYTES, 64);
      _tile_loadd(5, g1 + g + CK_TILE_BYTES, 64);
      _tile_loadd(6, x0 + x, 64);
      _tile_loadd(7, x1 + x, 64);
      CK_PRODUCTS
      _tile_loadd(4, g0 + g, 64);
      _tile_loadd(5, g1 + g, 64);
      CK_PRODUCTS
      _tile_loadd(6, x0 + x + l->phase_bytes, 64);
      _tile_loadd(7, x1 + x + l->phase_bytes, 64);
      CK_PRODUCTS
    } else {
      _tile_loadd(4, g0 + g, 64);
      _tile_loadd(5, g1 + g, 64);
      _tile_loadd(6, x0 + x, 64);
      _tile_loadd(7, x1 + x, 64);
      CK_PRODUCTS
    }
  }
#undef CK_PRODUCTS
}

// The sums of one part of the batch: [taps][pairs of output tiles][pairs of input tiles][four tiles].
INLINE void sum_images(int parts, const ck_tile_convolution *c, const layout *l, long begin, long end, char *packed,
                       float *sums) {
  memset(sums, 0, l->sums_bytes);
  char *inputs = packed, *outputs = packed + (size_t)l->group * l->input_bytes;
  const size_t input_tile = (size_t)(l->phases * parts) * l->phase_bytes;
  const long output_tile = l->steps * parts * CK_TILE_BYTES;
  for (long first = begin; first < end; first += l->group) {
    const long images = ck_min(l->group, end - first);
    for (long i = 0; i < images; i++)
      pack_image(parts, c, l, first + i, inputs + (size_t)i * l->input_bytes, outputs + (size_t)i * l->output_bytes);
    for (long o = 0; o < l->output_tiles; o += 2)
      for (long t = 0; t < l->input_tiles; t += 2)
        for (long tap = 0; tap < l->taps; tap++) {
          float *sum = sums + ((tap * (l->output_tiles / 2) + o / 2) * (l->input_tiles / 2) + t / 2) * 4 * 256;
          _tile_loadd(0, sum, 64);
          _tile_loadd(1, sum + 256, 64);
          _tile_loadd(2, sum + 512, 64);
          _tile_loadd(3, sum + 768, 64);
          for (long i = 0; i < images; i++)
            accumulate(parts, l, tap, outputs + (size_t)i * l->output_bytes + o * output_tile,
                       inputs + (size_t)i * l->input_bytes + (size_t)t * input_tile);
          _tile_stored(0, sum, 64);
          _tile_stored(1, sum + 256, 64);
          _tile_stored(2, sum + 512, 64);
          _tile_stored(3, sum + 768, 64);
        }
  }
}

// weights [output channels, input channels, taps] for some output channels: the parts of the batch, added. Sums lie with
// taps outside; 16 input channels are turned at a time.
CK_TILE_TARGET static void gather_sums(const ck_tile_convolution *c, const layout *l, const char *sums, long begin,
                                       long end) {
  float turned[16][CK_MAX_TAPS];
  for (long o = begin; o < end; o++)
    for (long i = 0; i < c->input_channels; i += 16) {
      for (long tap = 0; tap < l->taps; tap++) {
        const long block = (tap * (l->output_tiles / 2) + o / 32) * (l->input_tiles / 2) + i / 32;
        const float *row = (const float *)sums + block * 1024 + (o / 16 % 2 * 2 + i / 16 % 2) * 256 + o % 16 * 16;
        __m512 sum = _mm512_loadu_ps(row);
        for (long part = 1; part < CK_PARTS_OF_BATCH; part++)
          sum = _mm512_add_ps(sum, _mm512_loadu_ps(row + (size_t)part * (l->sums_bytes / 4)));
        float lanes[16];
        _mm512_storeu_ps(lanes, sum);
        for (long j = 0; j < 16; j++) turned[j][tap] = lanes[j];
      }
      float *weights = c->weights + (o * c->input_channels + i) * l->taps;
      for (long j = 0; j < ck_min(16, c->input_channels - i); j++)
        memcpy(weights + j * l->taps, turned[j], (size_t)l->taps * 4);
    }
}

typedef struct {
  const ck_tile_convolution *convolution;
  layout layout;
  char *workspace;
  ck_work work;  // of the parts
} job;

CK_TILE_TARGET static void run(void *context, int me, int threads) {
  job *job = context;
  const ck_tile_convolution *c = job->convolution;
  const layout *l = &job->layout;
  char *sums = job->workspace;
  char *packed = sums + CK_PARTS_OF_BATCH * l->sums_bytes +
                 (size_t)me * (size_t)l->group * (l->input_bytes + l->output_bytes);
  ck_configure_tiles(16, 16);
  for (long part; (part = ck_take_piece(&job->work, me)) >= 0;) {
    const long begin = c->batch * part / CK_PARTS_OF_BATCH, end = c->batch * (part + 1) / CK_PARTS_OF_BATCH;
    float *to = (float *)(sums + (size_t)part * l->sums_bytes);
    if (c->parts == 1)
      sum_images(1, c, l, begin, end, packed, to);
    else
      sum_images(2, c, l, begin, end, packed, to);
  }
  _tile_release();
  if (threads > 1) ck_barrier();
  gather_sums(c, l, sums, c->output_channels * me / threads, c->output_channels * (me + 1) / threads);
}

void ck_tile_convolution_weights(const ck_tile_convolution *c, void *workspace, int threads) {
  job job = {.convolution = c, .layout = make_layout(c), .workspace = workspace};
  ck_divide_work(&job.work, CK_PARTS_OF_BATCH, threads);
  ck_team(threads, &job, run);
}

#else

bool ck_tile_convolution_fits(const ck_tile_convolution *c) { return false; }
size_t ck_tile_convolution_workspace(const ck_tile_convolution *c, int threads) { return 0; }
void ck_tile_convolution_weights(const ck_tile_convolution *c, void *workspace, int threads) { __builtin_trap(); }

#endif
