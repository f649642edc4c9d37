/// Transformation autoregressive networks: transformations of the data before an autoregressive density whose
/// conditionals are mixtures of Gaussians.
///
/// The family is open. The member here is the one that the published code trains on the tables of Papamakarios et al.:
/// blocks of an ``InvertibleLinear``, a ``LeakyRescaling`` and a recurrent shift, then a last ``InvertibleLinear`` and
/// ``LeakyRescaling``; and the recurrent model (RAM), or the linear one (LAM), as the density. A recurrent shift is z_i
/// = x_i + m(s_i), s_i the state of a gated recurrent unit that has read the dimensions before i: an
/// ``AutoregressiveFlow`` of a ``RecurrentConditioner`` and a ``ShiftTransformer``. Blocks take the dimensions in
/// alternating order, where the published code reverses them after each, and linear maps have no bias, where its have one.
///
/// Oliva et al. 2018, "Transformation Autoregressive Networks".
public enum TAN {
  /// How the density's conditionals depend on the dimensions before.
  public enum Conditionals: String, Sendable, CaseIterable {
    /// ``LinearConditioner``.
    case linear
    /// ``RecurrentConditioner``.
    case recurrent
  }

  /// The transformations, before ``base(named:dimensions:conditionals:units:hidden:components:in:)``.
  ///
  /// - Parameters:
  ///   - prefix: What names begin with; block i has `prefix.i.0`, `prefix.i.1` and so on.
  ///   - dimensions: The number of dimensions.
  ///   - blocks: The number of recurrent shifts.
  ///   - units: The units of each recurrent shift.
  ///   - builder: What makes the parameters and buffers.
  /// - Returns: The layers, from the data to the noise.
  public static func layers(
    named prefix: String = "chain", dimensions: Int, blocks: Int = 4, units: Int = 256,
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    (0..<blocks).flatMap { i in
      block(
        named: "\(prefix).\(i)", dimensions: dimensions, units: units, order: .alternating(i), isLast: i == blocks - 1,
        in: &builder)
    }
  }

  /// The transformations of a block.
  ///
  /// - Parameters:
  ///   - name: What names begin with; the layers are `name.0`, `name.1` and so on.
  ///   - dimensions: The number of dimensions.
  ///   - units: The units of the recurrent shift.
  ///   - order: The order in which the recurrent shift takes the dimensions.
  ///   - isLast: Whether the block ends the transformations.
  ///   - builder: What makes the parameters and buffers.
  public static func block(
    named name: String, dimensions: Int, units: Int, order: AutoregressiveOrder, isLast: Bool,
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    let transformer = ShiftTransformer()
    var layers: [any DensityLayer] = [
      InvertibleLinear("\(name).0", features: dimensions, in: &builder),
      LeakyRescaling("\(name).1", dimensions: dimensions, in: &builder.parameters),
      AutoregressiveFlow(
        RecurrentConditioner(
          "\(name).2", dimensions: dimensions, outputs: transformer.numbers, units: units, hidden: [], order: order,
          in: &builder.parameters), transformer),
    ]
    if isLast {
      layers.append(InvertibleLinear("\(name).3", features: dimensions, in: &builder))
      layers.append(LeakyRescaling("\(name).4", dimensions: dimensions, in: &builder.parameters))
    }
    return layers
  }

  /// The autoregressive density.
  ///
  /// - Parameters:
  ///   - name: What names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - conditionals: How the conditionals depend on the dimensions before.
  ///   - units: The size of a conditional's state.
  ///   - hidden: The widths of the hidden layers from the state to the mixture.
  ///   - components: The number of components of each conditional.
  ///   - builder: What makes the parameters.
  public static func base(
    named name: String = "base", dimensions: Int, conditionals: Conditionals = .recurrent, units: Int = 256,
    hidden: [Int] = [120, 120], components: Int = 40, in builder: inout DensityBuilder
  ) -> MixtureOfGaussians {
    let conditioner: any AutoregressiveConditioner =
      switch conditionals {
      case .linear:
        LinearConditioner(
          name, dimensions: dimensions, outputs: 3 * components, units: units, hidden: hidden, in: &builder.parameters)
      case .recurrent:
        RecurrentConditioner(
          name, dimensions: dimensions, outputs: 3 * components, units: units, hidden: hidden, in: &builder.parameters)
      }
    return MixtureOfGaussians(conditioner, components: components)
  }
}
