import Foundation

extension Error {
  /// Why an operation on a file failed, in a few words without a full stop, to stand inside a sentence.
  var plainReason: String {
    let error = self as NSError
    if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError,
      underlying.domain == NSPOSIXErrorDomain
    {
      return String(cString: strerror(Int32(underlying.code)))
    }
    if error.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(error.code)))
    }
    // Foundation keeps the system's own words to itself in these cases.
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
