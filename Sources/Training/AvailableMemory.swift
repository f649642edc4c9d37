import Foundation

/// The memory that this process can still have.
///
/// On Linux the least of what the kernel calls available (with free swap), what the limits of the process's control groups
/// leave (their caches of files can be given back), and what the limit on its address space does. Elsewhere the machine's
/// memory, of which others may have taken a part.
struct AvailableMemory {
  /// The root of the file system that says so.
  var root = URL(filePath: "/", directoryHint: .isDirectory)

  /// In bytes; nil where nothing says.
  var byteCount: Int? {
    #if os(Linux)
      [system, controlGroups, addressSpace].compactMap { $0 }.min()
    #else
      Int(clamping: ProcessInfo.processInfo.physicalMemory)
    #endif
  }

  /// `MemAvailable` and `SwapFree` of `/proc/meminfo`.
  var system: Int? {
    let fields = numbers(in: "proc/meminfo")
    return fields["MemAvailable"].map { 1024 * ($0 + (fields["SwapFree"] ?? 0)) }
  }

  /// What the limits on the groups that the process is in, and on those that hold them, leave.
  var controlGroups: Int? {
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
    /// Of `memory.stat`: pages of files, which the kernel gives back before it runs out.
    let reclaimable: [String]

    static let first = GroupFiles(
      limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes",
      reclaimable: ["total_inactive_file", "total_active_file"])
    static let second = GroupFiles(
      limit: "memory.max", usage: "memory.current", reclaimable: ["inactive_file", "active_file"])
  }

  /// The least over a group and those above it. Within a container the group's path may be that outside, which is not
  /// there; its own group is then the topmost.
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

  /// The number that is all that a file holds; nil where it says "max", or where no group is so limited that it counts.
  private func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// Numbers by name, from lines such as `MemFree:  12 kB` or `inactive_file 4096`.
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
