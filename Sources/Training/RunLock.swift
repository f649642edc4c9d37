import Foundation

/// A process's hold on a run's directory, until it is let go of or the process ends, however it ends.
///
/// Two processes that trained in one directory would each overwrite what the other saved. The hold is an advisory lock on
/// the directory itself (`flock`), which leaves no file behind that could go stale.
public final class RunLock {
  private let descriptor: Int32

  /// Takes hold of a directory.
  ///
  /// - Throws: ``TrainingError/inUse(path:)`` where another process holds it.
  init(_ url: URL) throws(TrainingError) {
    descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // A file system that knows no locks is none that training should refuse.
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
    close(descriptor)
    throw .inUse(path: url.path)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
