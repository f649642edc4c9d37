import Foundation

/// What this process has taken of the machine since it began.
package struct ProcessUsage {
  private let usage: rusage

  /// Until now.
  package init() {
    var usage = rusage()
    #if canImport(Glibc)
      getrusage(RUSAGE_SELF.rawValue, &usage)
    #else
      getrusage(RUSAGE_SELF, &usage)
    #endif
    self.usage = usage
  }

  /// The peak resident memory, which Linux counts in KiB and Darwin in bytes.
  package var peakBytes: Int {
    #if canImport(Darwin)
      usage.ru_maxrss
    #else
      usage.ru_maxrss << 10
    #endif
  }

  /// The seconds of all its threads on processors.
  package var processorSeconds: Double {
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// The pages that it got without reading them from a disk.
  package var pageFaults: Int { usage.ru_minflt }
}
