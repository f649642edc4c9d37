import CMatIO
import Foundation

/// Writes small MAT files for tests, through the library that reads them.
enum MATWriter {
  enum Values {
    case single([Float])
    case double([Double])
    case bytes([UInt8])
    case complex([Double], [Double])

    var classType: matio_classes {
      switch self {
      case .single: MAT_C_SINGLE
      case .double, .complex: MAT_C_DOUBLE
      case .bytes: MAT_C_UINT8
      }
    }

    var dataType: matio_types {
      switch self {
      case .single: MAT_T_SINGLE
      case .double, .complex: MAT_T_DOUBLE
      case .bytes: MAT_T_UINT8
      }
    }
  }

  struct Variable {
    let name: String
    let dimensions: [Int]
    let values: Values

    init(_ name: String, _ dimensions: [Int], _ values: Values) {
      self.name = name
      self.dimensions = dimensions
      self.values = values
    }
  }

  struct Failure: Error {}

  static func write(
    _ variables: [Variable], to url: URL, isCompressed: Bool = true, level: mat_ft = MAT_FT_MAT5
  ) throws {
    guard let file = Mat_CreateVer(url.path, nil, level) else { throw Failure() }
    defer { Mat_Close(file) }
    for variable in variables {
      switch variable.values {
      case .single(var data): try write(variable, &data, to: file, isCompressed)
      case .double(var data): try write(variable, &data, to: file, isCompressed)
      case .bytes(var data): try write(variable, &data, to: file, isCompressed)
      case .complex(var real, var imaginary):
        try real.withUnsafeMutableBytes { real in
          try imaginary.withUnsafeMutableBytes { imaginary in
            var split = mat_complex_split_t(Re: real.baseAddress, Im: imaginary.baseAddress)
            try write(variable, &split, to: file, isCompressed, options: Int32(MAT_F_COMPLEX.rawValue))
          }
        }
      }
    }
  }

  private static func write(
    _ variable: Variable, _ data: UnsafeMutableRawPointer, to file: OpaquePointer, _ isCompressed: Bool,
    options: Int32 = 0
  ) throws {
    var dimensions = variable.dimensions
    let created = Mat_VarCreate(
      variable.name, variable.values.classType, variable.values.dataType, Int32(dimensions.count),
      &dimensions, data, options)
    defer { Mat_VarFree(created) }
    let compression = isCompressed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE
    guard let created, Mat_VarWrite(file, created, compression) == 0 else { throw Failure() }
  }
}
