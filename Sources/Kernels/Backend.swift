import Tensors

/// How the arithmetic of models is carried out: the one interface between mathematics and machines.
///
/// Callers say what they want, on tensors whose shapes have been checked, and how exact (``Numerics``). Packing, threads,
/// rounding, the choice of an instruction and of the size from which it pays are the backend's business alone.
///
/// - ``ReferenceBackend`` follows each operation's definition in double precision: slow, and what the others are tested with.
/// - ``CPUBackend``: oneDNN, and vector kernels for AVX2, AVX-512 and any other processor.
/// - ``BFloat16Backend``: the same, with products of bfloat16 numbers where they may be rounded (AVX512-BF16).
/// - ``AMXBackend``: the same, with products on the processor's matrix tiles.
package protocol Backend: Sendable {
  /// What messages call it.
  var name: String { get }
  /// Whether the processor has what it needs, and the instruction set in use allows it.
  var isAvailable: Bool { get }

  // MARK: Matrix products

  /// The product of two matrices that are used once.
  func multiply(_ a: MatrixView, _ b: MatrixView, _ product: MatrixProduct, into result: inout Tensor)
  /// The numbers of a right factor in the order in which products read them; nothing where they are read as they lie.
  ///
  /// - Parameter isEager: Whether to pack at once, or for the second product.
  func pack(_ matrix: MatrixView, inner: Int, columns: Int, _ numerics: Numerics, isEager: Bool) -> TensorStorage?
  /// The product with a prepared matrix.
  func multiply(_ a: MatrixView, _ b: PreparedMatrix, _ product: MatrixProduct, into result: inout Tensor)
  /// result += alpha times the sum of g^T x over pairs: the gradient of a linear layer's weights.
  func add(_ sum: OuterProductSum, _ numerics: Numerics, to result: inout Tensor)
  /// The sum of squares of g^T x.
  func sumOfSquares(g: Tensor, x: Tensor, _ numerics: Numerics) -> Double

  // MARK: Per-sample weights

  /// Whether low-rank weights are kept rounded to 8 bits of mantissa.
  func roundsLowRank(_ numerics: Numerics) -> Bool
  /// Low-rank weights in the order in which products read them; nothing where they are read as they lie.
  func pack(_ weights: Tensor, _ layout: LowRankLayout) -> TensorStorage?
  /// t = x U, y = addend + t V + bias; or transposed. See ``PreparedLowRank/product(_:components:transposed:adding:)``.
  func multiply(_ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, adding addend: Tensor?)
    -> (y: Tensor, t: Tensor)
  /// The same with the product with a matrix that all samples share for the addend, and a shift of the primal's rows.
  func multiply(
    _ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, adding matrix: PreparedMatrix, shift: Tensor?
  ) -> (y: Tensor, t: Tensor)
  /// Adds the gradients of low-rank layers to that of their weights; to zeros, whatever is there, if it is fresh.
  func add(_ layers: [LowRankGradientSum], to gradient: inout Tensor, isFresh: Bool)
  /// t w + b + x W with each sample's W, w, b.
  func affine(_ x: Tensor, _ weights: Tensor, _ layout: PerSampleAffineLayout, time: Double, components: Int) -> Tensor
  /// The cotangent of x in `affine`.
  func affinePullback(_ g: Tensor, _ weights: Tensor, _ layout: PerSampleAffineLayout, components: Int) -> Tensor
  /// Adds the gradients of one layer's per-sample weights.
  func add(_ terms: [PerSampleAffineTerm], _ layout: PerSampleAffineLayout, to gradient: inout Tensor)

  // MARK: Traces

  /// C = M_2^T o (M_3 M_1) of three layers for each sample.
  func traceForms(_ type: ElementType, count: Int, layers: (_ sample: Int) -> [LayerWeights]) -> TraceForms.Matrices
  /// y^T C x for each sample.
  func values(of forms: TraceForms, _ y: Tensor, _ x: Tensor) -> Tensor

  // MARK: Convolutions of images [batch, height, width, channels]

  /// output = input * weights
  func convolution(_ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics) -> Tensor
  /// The cotangent of the input: the transposed convolution of the output's cotangent.
  func transposedConvolution(_ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  /// The cotangent of the weights.
  func convolutionWeights(_ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics) -> Tensor

  // MARK: Elementwise

  /// f(x), and f'(x) v for the tangents v, of a primal and tangents stacked along the first axis; and what the way back
  /// can use, if anything.
  func elementwise(_ f: ElementwiseFunction, _ x: Tensor, tangents: Int) -> (y: Tensor, kept: Tensor?)
  /// The cotangent of x in `elementwise`.
  func elementwisePullback(_ f: ElementwiseFunction, _ g: Tensor, _ x: Tensor, kept: Tensor?, tangents: Int) -> Tensor
  /// a b and its tangents, of stacked primals and tangents.
  func product(_ a: Tensor, tangents: Int, _ b: Tensor, tangents: Int, shape: [Int]) -> Tensor
  /// The cotangent of the first factor a, of a shape and a number of tangents, in `product`.
  func productPullback(_ g: Tensor, shape: [Int], tangents: Int, with b: Tensor, tangents: Int) -> Tensor
  /// (h + a) sigmoid(g + b) for rows [h, g] and a bias [a, b].
  func gate(_ x: Tensor, bias: Tensor?) -> Tensor
  /// The cotangents of x and of the bias in `gate`.
  func gatePullback(_ g: Tensor, _ x: Tensor, bias: Tensor?) -> (x: Tensor, bias: Tensor?)

  // MARK: Optimizers

  /// Moves parameters against a dense gradient.
  func apply(_ update: ParameterUpdate, gradient: Tensor, to state: inout ParameterState)
  /// Moves parameters against the gradient g^T x.
  func apply(_ update: ParameterUpdate, g: Tensor, x: Tensor, _ numerics: Numerics, to state: inout ParameterState)
}
