import CGIF
import Files
import Foundation

/// Pictures shown one after another, without end: a GIF file.
public enum Animation {
  /// The largest side of a picture in a GIF file.
  public static let largestSide = 65535

  /// Writes a GIF file atomically, with `AtomicFile`. Only a regular file is replaced.
  ///
  /// - Parameters:
  ///   - frames: The pictures, at least one, of one size, with sides of at most ``largestSide``.
  ///   - delay: How long each is shown, in seconds; rounded to hundredths, and at least two of them, which is what browsers
  ///     show.
  ///   - lastDelay: How long the last is shown; nil for as long as the others.
  ///   - url: The file.
  /// - Throws: `FileError`
  public static func write(
    frames: [DensityPicture], delay: Double, lastDelay: Double? = nil, to url: URL
  ) throws(FileError) {
    guard let data = encoded(frames, delay: delay, lastDelay: lastDelay ?? delay) else {
      throw FileError(path: url.path, problem: .system(operation: "encode the animation", code: ENOMEM))
    }
    do {
      try AtomicFile.write(to: url) { try $0.write(data) }
    } catch {
      throw error as? FileError ?? FileError(path: url.path, problem: .system(operation: "write the file", code: EIO))
    }
  }

  /// What giflib writes.
  private final class Output {
    var data = Data()
  }

  /// The bytes of a GIF file; nil where giflib has no memory.
  private static func encoded(_ frames: [DensityPicture], delay: Double, lastDelay: Double) -> Data? {
    precondition(!frames.isEmpty, "an animation without frames")
    let (height, width) = (frames[0].height, frames[0].width)
    precondition(frames.allSatisfy { ($0.height, $0.width) == (height, width) }, "frames of several sizes")
    precondition(max(height, width) <= largestSide, "frames of \(height) x \(width)")
    let output = Output()
    let colors = ColorMap.palette.map { GifColorType(Red: $0.red, Green: $0.green, Blue: $0.blue) }
    guard let map = GifMakeMapObject(Int32(colors.count), colors) else { return nil }
    defer { GifFreeMapObject(map) }
    var code: Int32 = 0
    let take: OutputFunc = { file, bytes, count in
      guard let bytes, let output = file?.pointee.UserData else { return 0 }
      Unmanaged<Output>.fromOpaque(output).takeUnretainedValue().data.append(bytes, count: Int(count))
      return count
    }
    guard let file = EGifOpen(Unmanaged.passUnretained(output).toOpaque(), take, &code) else { return nil }
    EGifSetGifVersion(file, true)
    var isWritten =
      EGifPutScreenDesc(file, Int32(width), Int32(height), 8, Int32(ColorMap.paper), map) == GIF_OK && repeats(file)
    for (place, frame) in frames.enumerated() where isWritten {
      isWritten = put(frame, shownFor: place == frames.count - 1 ? lastDelay : delay, in: file)
    }
    isWritten = EGifCloseFile(file, &code) == GIF_OK && isWritten
    return withExtendedLifetime(output) { isWritten ? output.data : nil }
  }

  /// Says that the frames are shown without end, by Netscape's extension, which all programs know.
  private static func repeats(_ file: UnsafeMutablePointer<GifFileType>) -> Bool {
    let forever: [UInt8] = [1, 0, 0]
    return EGifPutExtensionLeader(file, Int32(APPLICATION_EXT_FUNC_CODE)) == GIF_OK
      && EGifPutExtensionBlock(file, 11, "NETSCAPE2.0") == GIF_OK
      && EGifPutExtensionBlock(file, Int32(forever.count), forever) == GIF_OK
      && EGifPutExtensionTrailer(file) == GIF_OK
  }

  private static func put(
    _ frame: DensityPicture, shownFor delay: Double, in file: UnsafeMutablePointer<GifFileType>
  ) -> Bool {
    var control = GraphicsControlBlock()
    control.DisposalMode = Int32(DISPOSE_DO_NOT)
    control.DelayTime = Int32(min(max((100 * delay).rounded(), 2), 65535))
    control.TransparentColor = NO_TRANSPARENT_COLOR
    var bytes = [UInt8](repeating: 0, count: 4)
    let length = EGifGCBToExtension(&control, &bytes)
    guard EGifPutExtension(file, Int32(GRAPHICS_EXT_FUNC_CODE), Int32(length), bytes) == GIF_OK,
      EGifPutImageDesc(file, 0, 0, Int32(frame.width), Int32(frame.height), false, nil) == GIF_OK
    else { return false }
    var shades = frame.shades
    return shades.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return false }
      return (0..<frame.height).allSatisfy { row in
        EGifPutLine(file, start + row * frame.width, Int32(frame.width)) == GIF_OK
      }
    }
  }
}
