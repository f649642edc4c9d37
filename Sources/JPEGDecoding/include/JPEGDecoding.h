#ifndef JPEG_DECODING_H
#define JPEG_DECODING_H

#include <stddef.h>
#include <stdint.h>

/// What a JPEG file says of its picture, and why it cannot be read if so.
typedef struct {
  int64_t height, width;
  /// Whether the picture has colours.
  int32_t is_colour;
  /// Ends with a zero; filled in where a call fails.
  char message[256];
} jpeg_picture;

/// Reads the header of a file of `count` bytes: size and colours. Returns 1, or 0 with a message.
int jpeg_picture_inspect(const uint8_t *bytes, size_t count, jpeg_picture *picture);

/// Decodes the luminance into `pixels`, [height, width] as the header said. Returns 1, or 0 with a message: for a file
/// that is damaged or cut off, too, which libjpeg itself only warns of.
///
/// libjpeg takes no more than `memory_limit` bytes.
int jpeg_picture_decode(
    const uint8_t *bytes, size_t count, uint8_t *pixels, size_t memory_limit, jpeg_picture *picture);

#endif
