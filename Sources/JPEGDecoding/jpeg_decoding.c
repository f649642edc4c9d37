#include "JPEGDecoding.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// libjpeg's own error handler ends the process: this one returns to the caller, with the message.
typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf caller;
  char *message;
  size_t capacity;
} error_manager;

static void keep_message(j_common_ptr info, error_manager *manager) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  snprintf(manager->message, manager->capacity, "%s", text);
}

static void fail(j_common_ptr info) {
  error_manager *manager = (error_manager *)info->err;
  keep_message(info, manager);
  longjmp(manager->caller, 1);
}

// A warning (level -1) says that picture data are damaged or missing, and that grey will stand for them: that is a
// failure, too. Two warnings are of header versions alone.
static void warn(j_common_ptr info, int level) {
  if (level >= 0) return;
  if (info->err->msg_code == JWRN_ADOBE_XFORM || info->err->msg_code == JWRN_JFIF_MAJOR) return;
  fail(info);
}

static void ignore(j_common_ptr info) { (void)info; }

// A small progressive file can hold thousands of passes over a large picture.
static void check_passes(j_common_ptr info) {
  if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= 200) return;
  error_manager *manager = (error_manager *)info->err;
  snprintf(manager->message, manager->capacity, "it has more than 200 scans");
  longjmp(manager->caller, 1);
}

static void handle_errors(struct jpeg_decompress_struct *info, error_manager *manager, jpeg_picture *picture) {
  info->err = jpeg_std_error(&manager->base);
  manager->base.error_exit = fail;
  manager->base.emit_message = warn;
  manager->base.output_message = ignore;
  manager->message = picture->message;
  manager->capacity = sizeof picture->message;
  picture->message[0] = 0;
}

static void read_header(
    struct jpeg_decompress_struct *info, const uint8_t *bytes, size_t count, jpeg_picture *picture) {
  jpeg_mem_src(info, (unsigned char *)bytes, (unsigned long)count);
  jpeg_read_header(info, TRUE);
  picture->height = info->image_height;
  picture->width = info->image_width;
  picture->is_colour = info->num_components > 1;
}

int jpeg_picture_inspect(const uint8_t *bytes, size_t count, jpeg_picture *picture) {
  struct jpeg_decompress_struct info;
  error_manager manager;
  memset(&info, 0, sizeof info);
  handle_errors(&info, &manager, picture);
  if (setjmp(manager.caller)) {
    jpeg_destroy_decompress(&info);
    return 0;
  }
  jpeg_create_decompress(&info);
  read_header(&info, bytes, count, picture);
  jpeg_destroy_decompress(&info);
  return 1;
}

int jpeg_picture_decode(
    const uint8_t *bytes, size_t count, uint8_t *pixels, size_t memory_limit, jpeg_picture *picture) {
  struct jpeg_decompress_struct info;
  struct jpeg_progress_mgr progress;
  error_manager manager;
  const int64_t height = picture->height, width = picture->width;
  memset(&info, 0, sizeof info);
  memset(&progress, 0, sizeof progress);
  handle_errors(&info, &manager, picture);
  if (setjmp(manager.caller)) {
    jpeg_destroy_decompress(&info);
    return 0;
  }
  jpeg_create_decompress(&info);
  info.mem->max_memory_to_use = (long)memory_limit;
  progress.progress_monitor = check_passes;
  info.progress = &progress;
  read_header(&info, bytes, count, picture);
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK) {
    snprintf(picture->message, sizeof picture->message, "its colours are CMYK, for printing; convert it to RGB or grey");
    longjmp(manager.caller, 1);
  }
  info.out_color_space = JCS_GRAYSCALE;
  // The exact integer transform: the same pixels on every processor.
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  if (info.output_height != height || info.output_width != width || info.output_components != 1) {
    snprintf(picture->message, sizeof picture->message, "its size is not what its header said");
    longjmp(manager.caller, 1);
  }
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + (size_t)info.output_scanline * (size_t)width;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return 1;
}
