import Foundation

extension Error {
  /// Why an operation on a file failed: a phrase without a full stop, for use within a sentence.
  package var plainReason: String {
    let error = self as NSError
    if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError,
      underlying.domain == NSPOSIXErrorDomain
    {
      return String(cString: strerror(Int32(underlying.code)))
    }
    if error.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(error.code)))
    }
    // In these cases Foundation does not provide the system's message.
    switch (self as? CocoaError)?.code {
    case .fileNoSuchFile?, .fileReadNoSuchFile?: return "No such file or directory"
    case .fileReadNoPermission?, .fileWriteNoPermission?: return "Permission denied"
    case .fileReadUnknown?: return "it cannot be read as a file; perhaps it is a directory"
    case .fileWriteOutOfSpace?: return "No space left on device"
    case .fileWriteVolumeReadOnly?: return "Read-only file system"
    case .fileWriteFileExists?: return "File exists"
    default: return error.localizedDescription.trimmingCharacters(in: [".", " "])
    }
  }
}
