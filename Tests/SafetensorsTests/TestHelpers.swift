import CZstd
import Foundation

/// Compresses bytes to one frame with a checksum, as any program might.
func frame(_ contents: Data, hasContentSize: Bool = true) -> Data {
  let context = ZSTD_createCCtx()
  defer { ZSTD_freeCCtx(context) }
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, hasContentSize ? 1 : 0)
  var result = Data(count: ZSTD_compressBound(contents.count))
  let count = result.withUnsafeMutableBytes { output in
    contents.withUnsafeBytes { input in
      ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count)
    }
  }
  return result.prefix(count)
}

/// The most memory that this process ever held, in bytes.
func peakMemory() -> Int {
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  #else
    getrusage(RUSAGE_SELF, &usage)
  #endif
  return usage.ru_maxrss * 1024
}

/// Runs a program found on the path; returns its exit status and what it printed.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = [program] + arguments
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return (process.terminationStatus, output)
}
