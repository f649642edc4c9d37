import Foundation

/// The memory that this process can still allocate.
///
/// On Linux, the least of three amounts: what the kernel reports as available (with free swap), what the limits of the
/// process's control groups leave (their page caches can be reclaimed), and what the limit on its address space
/// leaves. On other systems, the machine's physical memory, part of which may be in use.
package struct AvailableMemory {
  /// The root of the file system from which the amounts are read.
  private let root: URL

  /// The memory of this process.
  ///
  /// - Parameter root: The root of the file system.
  package init(root: URL = URL(filePath: "/", directoryHint: .isDirectory)) { self.root = root }

  /// The available memory in bytes; nil where it is unknown.
  package var byteCount: Int? {
    #if os(Linux)
      [system, controlGroups, addressSpace].compactMap { $0 }.min()
    #else
      Int(clamping: ProcessInfo.processInfo.physicalMemory)
    #endif
  }

  /// `MemAvailable` and `SwapFree` of `/proc/meminfo`.
  package var system: Int? {
    let fields = numbers(in: "proc/meminfo")
    return fields["MemAvailable"].map { 1024 * ($0 + (fields["SwapFree"] ?? 0)) }
  }

  /// What the limits of the process's control groups and of their parents leave.
  package var controlGroups: Int? {
    guard let text = text("proc/self/cgroup") else { return nil }
    return text.split(separator: "\n").compactMap { line -> Int? in
      // "0::/user.slice/run" in the second version; "5:memory:/docker/ab" in the first.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      let path = parts[2].split(separator: "/").map(String.init)
      if parts[1].isEmpty { return left(in: "sys/fs/cgroup", path, .second) }
      return parts[1].split(separator: ",").contains("memory") ? left(in: "sys/fs/cgroup/memory", path, .first) : nil
    }.min()
  }

  private struct GroupFiles {
    let limit: String
    let usage: String
    /// The fields of `memory.stat` for the page cache, which the kernel reclaims before it runs out of memory.
    let reclaimable: [String]

    static let first = GroupFiles(
      limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes",
      reclaimable: ["total_inactive_file", "total_active_file"])
    static let second = GroupFiles(
      limit: "memory.max", usage: "memory.current", reclaimable: ["inactive_file", "active_file"])
  }

  /// The least amount over a group and its parents. Within a container, the group's path may be the one outside, which
  /// does not exist inside; the container's own group is then the root of the hierarchy.
  private func left(in hierarchy: String, _ path: [String], _ files: GroupFiles) -> Int? {
    (0...path.count).compactMap { depth -> Int? in
      let group = ([hierarchy] + path.prefix(depth)).joined(separator: "/") + "/"
      guard let limit = number(group + files.limit), let usage = number(group + files.usage) else { return nil }
      let fields = numbers(in: group + "memory.stat")
      let cache = files.reclaimable.reduce(0) { $0 + (fields[$1] ?? 0) }
      return max(0, limit - max(0, usage - cache))
    }.min()
  }

  #if os(Linux)
    /// What the limit on the address space (`ulimit -v`) leaves.
    private var addressSpace: Int? {
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else {
        return nil
      }
      let pages = text("proc/self/statm")?.split(separator: " ").first.flatMap { Int($0) } ?? 0
      return max(0, Int(limit.rlim_cur) - pages * sysconf(Int32(_SC_PAGESIZE)))
    }
  #endif

  private func text(_ path: String) -> String? { try? String(contentsOf: root.appending(path: path), encoding: .utf8) }

  /// The number that is a file's only contents; nil where the file says "max" or does not exist.
  private func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// The numbers of a file by name, from lines such as `MemFree:  12 kB` or `inactive_file 4096`.
  private func numbers(in path: String) -> [String: Int] {
    var numbers: [String: Int] = [:]
    for line in (text(path) ?? "").split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == ":" || $0 == "\t" }
      guard words.count >= 2, let number = Int(words[1]) else { continue }
      numbers[String(words[0])] = number
    }
    return numbers
  }
}
