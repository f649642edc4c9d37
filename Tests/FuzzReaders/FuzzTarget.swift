import Foundation
import ReaderFuzzing

/// The reader that the environment names, with its files in memory where the system has a place for that.
nonisolated(unsafe) private let fuzzer: ReaderFuzzer = {
  let name = ProcessInfo.processInfo.environment["FFJORD_VAE_READER"] ?? ""
  guard let reader = FuzzedReader(rawValue: name) else {
    let names = FuzzedReader.allCases.map(\.rawValue).joined(separator: ", ")
    fatalError("FFJORD_VAE_READER=\(name): one of \(names)")
  }
  let shared = "/dev/shm"
  let parent =
    FileManager.default.isWritableFile(atPath: shared)
    ? URL(filePath: shared) : FileManager.default.temporaryDirectory
  let folder = parent.appending(path: "fuzz-readers-\(ProcessInfo.processInfo.processIdentifier)")
  do {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try ReaderFuzzer(reader, in: folder)
  } catch {
    fatalError("\(folder.path): \(error)")
  }
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  fuzzer.read(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}
