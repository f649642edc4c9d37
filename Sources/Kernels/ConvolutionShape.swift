import Tensors

/// The sizes of a two-dimensional convolution from an input to a smaller or equal output.
///
/// A transposed convolution is the same thing run backward, from the output to the input.
public struct ConvolutionShape: Hashable, Sendable {
  /// Images in the batch.
  public private(set) var batch: Int
  /// Rows of an input image.
  public let inputHeight: Int
  /// Columns of an input image.
  public let inputWidth: Int
  /// Channels of the input.
  public private(set) var inputChannels: Int
  /// Rows of an output image.
  public let outputHeight: Int
  /// Columns of an output image.
  public let outputWidth: Int
  /// Channels of the output.
  public private(set) var outputChannels: Int
  /// Rows of the kernel.
  public let kernelHeight: Int
  /// Columns of the kernel.
  public let kernelWidth: Int
  /// Input pixels from one output pixel to the next, in both directions.
  public let stride: Int
  /// Zeros before the first row and column; those after the last follow from the sizes.
  public let padding: Int

  /// The convolution of an input [batch, height, width, channels] with weights
  /// [output channels, input channels, kernel height, kernel width].
  public init(input: [Int], weights: [Int], stride: Int, padding: Int) {
    precondition(
      input.count == 4 && weights.count == 4 && input[3] == weights[1],
      "convolution: input \(input) [batch, height, width, channels] against weights \(weights) [out, in, h, w]"
    )
    batch = input[0]
    inputHeight = input[1]
    inputWidth = input[2]
    inputChannels = input[3]
    outputChannels = weights[0]
    kernelHeight = weights[2]
    kernelWidth = weights[3]
    outputHeight = (input[1] + 2 * padding - weights[2]) / stride + 1
    outputWidth = (input[2] + 2 * padding - weights[3]) / stride + 1
    self.stride = stride
    self.padding = padding
  }

  /// The convolution whose transpose takes an input [batch, height, width, channels] with weights
  /// [input channels, output channels, kernel height, kernel width]; `outputPadding` is [rows, columns].
  public init(transposedInput input: [Int], weights: [Int], stride: Int, padding: Int, outputPadding: [Int]) {
    precondition(outputPadding.count == 2, "transposed convolution: output padding \(outputPadding) [rows, columns]")
    precondition(
      input.count == 4 && weights.count == 4 && input[3] == weights[0],
      "transposed convolution: input \(input) [batch, height, width, channels] against weights \(weights) "
        + "[in, out, h, w]")
    batch = input[0]
    outputHeight = input[1]
    outputWidth = input[2]
    outputChannels = input[3]
    inputChannels = weights[1]
    kernelHeight = weights[2]
    kernelWidth = weights[3]
    inputHeight = (input[1] - 1) * stride - 2 * padding + weights[2] + outputPadding[0]
    inputWidth = (input[2] - 1) * stride - 2 * padding + weights[3] + outputPadding[1]
    self.stride = stride
    self.padding = padding
  }

  /// Floating-point operations of each of the three products, those with the padding's zeros included.
  package var operations: Int {
    2 * batch * outputHeight * outputWidth * outputChannels * kernelHeight * kernelWidth * inputChannels
  }

  /// [batch, input height, input width, input channels]
  public var inputShape: [Int] { [batch, inputHeight, inputWidth, inputChannels] }
  /// [batch, output height, output width, output channels]
  public var outputShape: [Int] { [batch, outputHeight, outputWidth, outputChannels] }
  /// [output channels, input channels, kernel height, kernel width]
  public var weightShape: [Int] { [outputChannels, inputChannels, kernelHeight, kernelWidth] }

  /// The same convolution with several times the channels of the input, or of the output.
  func scaled(inputChannels: Int = 1, outputChannels: Int = 1) -> ConvolutionShape {
    var result = self
    result.inputChannels *= inputChannels
    result.outputChannels *= outputChannels
    return result
  }

  /// The same convolution of so many images.
  func of(images: Int) -> ConvolutionShape {
    var result = self
    result.batch = images
    return result
  }

  /// Whether the kernel covers the whole input, so that the convolution is a plain matrix product.
  package var coversInput: Bool {
    padding == 0 && kernelHeight == inputHeight && kernelWidth == inputWidth
  }
}
