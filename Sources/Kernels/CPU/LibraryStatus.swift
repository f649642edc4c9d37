import CPrimitives
import Tensors

extension Compute {
  /// Ends the program unless a call of oneDNN succeeded: where memory is short, as for a tensor; else with the call and
  /// oneDNN's name of what went wrong.
  ///
  /// - Parameter call: What was asked for, with its sizes.
  static func check(_ status: cp_status, _ call: @autoclosure () -> String) {
    if status != 0 { end(for: status, call()) }
  }

  /// Ends the program for such a status of a call.
  static func end(for status: cp_status, _ call: String) -> Never {
    if cp_status_is_out_of_memory(status) { endWithoutMemory(for: nil) }
    let name = cp_status_name(status).map { String(cString: $0) } ?? "status \(status)"
    // A release build prints this message, but not that of a precondition.
    fatalError("\(call): oneDNN says \(name)")
  }
}
