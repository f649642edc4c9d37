import CJPEG
import Foundation

/// Writes JPEG pictures for tests.
enum JPEGWriter {
  /// A picture of bytes `[height, width, components]`: one component is grey, three are colours.
  static func encode(
    _ pixels: [UInt8], height: Int, width: Int, components: Int = 1, quality: Int = 100, isProgressive: Bool = false
  ) -> Data {
    var info = jpeg_compress_struct()
    var errors = jpeg_error_mgr()
    return withUnsafeMutablePointer(to: &errors) { errors in
      info.err = jpeg_std_error(errors)
      jpeg_CreateCompress(&info, JPEG_LIB_VERSION, MemoryLayout<jpeg_compress_struct>.size)
      defer { jpeg_destroy_compress(&info) }
      var bytes: UnsafeMutablePointer<UInt8>?
      var count: UInt = 0
      return withUnsafeMutablePointer(to: &bytes) { bytes in
        withUnsafeMutablePointer(to: &count) { count in
          jpeg_mem_dest(&info, bytes, count)
          info.image_width = UInt32(width)
          info.image_height = UInt32(height)
          info.input_components = Int32(components)
          info.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB
          jpeg_set_defaults(&info)
          jpeg_set_quality(&info, Int32(quality), 1)
          if isProgressive { jpeg_simple_progression(&info) }
          jpeg_start_compress(&info, 1)
          for row in 0..<height {
            var line = Array(pixels[row * width * components..<(row + 1) * width * components])
            line.withUnsafeMutableBufferPointer { line in
              var start = line.baseAddress
              _ = jpeg_write_scanlines(&info, &start, 1)
            }
          }
          jpeg_finish_compress(&info)
          defer { free(bytes.pointee) }
          return bytes.pointee.map { Data(bytes: $0, count: Int(count.pointee)) } ?? Data()
        }
      }
    }
  }
}
