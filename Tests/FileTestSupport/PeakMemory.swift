import Foundation

/// The most memory that this process ever held, in bytes.
///
/// Other tests run in the same process: a bound on it is tested in a process of its own, by
/// `#expect(processExitsWith:)`.
public func peakMemory() -> Int {
  #if os(Linux)
    // What `getrusage` says there begins with the peak of the process that started this one.
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
    return kilobytes.map { $0 * 1024 } ?? .max
  #else
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
  #endif
}
