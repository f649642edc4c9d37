import Foundation

/// A process's lock on the directory of a run, which lasts until this object is released or the process ends in any
/// way.
///
/// Two processes that trained in one directory would overwrite each other's files. The lock is an advisory one on the
/// directory itself (`flock`), so that no stale lock file can be left behind.
public final class RunLock {
  private let descriptor: Int32

  /// Locks a directory.
  ///
  /// - Throws: ``RunError/inUse(path:)`` where another process has locked it.
  init(_ url: URL) throws(RunError) {
    descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // On a file system without locks, training goes on without one.
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
    close(descriptor)
    throw .inUse(path: url.path)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
