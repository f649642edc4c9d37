import Tensors

/// The backends of this build.
package enum Backends {
  /// All of them, the fastest first. A backend is registered by its line here.
  package static let all: [any Backend] = [
    AMXBackend(),
    BFloat16Backend(),
    CPUBackend(),
  ]

  /// A backend to use in a task instead of the fastest: for tests.
  @TaskLocal package static var chosen: (any Backend)?

  /// The one in use: the fastest that the processor, and the instruction set asked for, allow.
  package static var current: any Backend { chosen ?? all.first { $0.isAvailable } ?? CPUBackend() }
}
